import download from "lucide:download";
import { type CsvColumn, toCsv } from "../../../device/core/toCsv.ts";
import { Button } from "../../kit/controls/Button.tsx";
import type { ConsoleWords } from "../words/ConsoleWords.ts";
import { saveFile } from "./saveFile.ts";

interface Props<T> {
	/** Of the file, without what follows the dot. */
	name: string;
	rows: readonly T[];
	columns: readonly CsvColumn<T>[];
	say: ConsoleWords;
}

/** Saves the rows that a screen shows: as a table for people, as they came for programs. */
export function SaveButtons<T>({ name, rows, columns, say }: Props<T>) {
	return (
		<>
			<Button
				kind="ghost"
				icon={download}
				label={say.saveAs("CSV")}
				// The mark at the beginning tells Excel that it is UTF-8; without it, it makes "NeiÃŸe" of "Neiße".
				onPress={() => saveFile(`${name}.csv`, "text/csv;charset=utf-8", `\uFEFF${toCsv(rows, columns)}`)}
			>
				CSV
			</Button>
			<Button
				kind="ghost"
				icon={download}
				label={say.saveAs("JSON")}
				onPress={() => saveFile(`${name}.json`, "application/json", JSON.stringify(rows, null, 2))}
			>
				JSON
			</Button>
		</>
	);
}
