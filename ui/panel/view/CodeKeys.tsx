import erase from "lucide:delete";
import { Button } from "../../kit/controls/Button.tsx";
import { codeRows } from "../model/enrolCode.ts";
import type { AllWords } from "../words/languages.ts";

interface Props {
	words: AllWords;
	onKey: (key: string) => void;
	onErase: () => void;
}

/** The characters of a code on the glass, in the order of the alphabet: nobody types these twice. */
export function CodeKeys({ words, onKey, onErase }: Props) {
	return (
		// biome-ignore lint/a11y/useSemanticElements: a fieldset is for a form's fields; these keys type into one.
		<div class="keyboard code-keys" role="group" aria-label={words.link.keys}>
			{codeRows.map((row, place) => (
				<div key={row}>
					{[...row].map((character) => (
						<Button key={character} onPress={() => onKey(character)}>
							{character}
						</Button>
					))}
					{place === 0 ? <Button class="sign" icon={erase} label={words.link.erase} onPress={onErase} /> : null}
				</div>
			))}
		</div>
	);
}
