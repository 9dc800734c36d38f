import shift from "lucide:arrow-big-up";
import erase from "lucide:delete";
import { useState } from "preact/hooks";
import { Button } from "../../kit/controls/Button.tsx";
import type { AllWords } from "../words/languages.ts";

/** What a link is made of, and nothing else. Rows of letters in the order of the language's own keyboards. */
const rows = {
	de: ["1234567890", "qwertzuiop", "asdfghjkl", "yxcvbnm"],
	en: ["1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"],
};
const signs = ["-", "_", ".", ":", "/", "#"];

interface Props {
	words: AllWords;
	onKey: (key: string) => void;
	onErase: () => void;
}

/** Keys on the glass: a kiosk has none of its own. */
export function Keyboard({ words, onKey, onErase }: Props) {
	const [capitals, setCapitals] = useState(false);
	const layout = rows[words.kit.locale];
	const key = (character: string) => {
		const typed = capitals ? character.toUpperCase() : character;
		return (
			<Button key={character} onPress={() => onKey(typed)}>
				{typed}
			</Button>
		);
	};
	return (
		// biome-ignore lint/a11y/useSemanticElements: a fieldset is for a form's fields; these keys type into one.
		<div class="keyboard" role="group" aria-label={words.link.keys}>
			{layout.slice(0, 2).map((row) => (
				<div key={row}>{[...row].map(key)}</div>
			))}
			<div>
				{[...(layout[2] ?? "")].map(key)}
				<Button icon={erase} label={words.link.erase} class="broad" onPress={onErase} />
			</div>
			<div>
				<Button
					icon={shift}
					label={words.link.shift}
					pressed={capitals}
					class={capitals ? "broad held" : "broad"}
					onPress={() => setCapitals(!capitals)}
				/>
				{[...(layout[3] ?? "")].map(key)}
				{signs.map((sign) => (
					<Button key={sign} class="sign" onPress={() => onKey(sign)}>
						{sign}
					</Button>
				))}
			</div>
		</div>
	);
}
