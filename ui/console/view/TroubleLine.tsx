import type { Trouble } from "../model/ConsoleModel.ts";
import type { ConsoleWords } from "../words/ConsoleWords.ts";

/** What went wrong, with its code and the next step. */
export function TroubleLine({ trouble, say }: { trouble: Trouble | null; say: ConsoleWords }) {
	if (!trouble) return null;
	const known = (say.troubles as Record<string, string | undefined>)[trouble.code];
	return (
		<p class="line alarm" role="alert">
			{known ?? say.troubles["console.unexpected"]}{" "}
			<span class="code">
				{trouble.code}
				{trouble.key ? ` · ${trouble.key}` : ""}
			</span>
		</p>
	);
}
