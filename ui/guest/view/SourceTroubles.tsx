import type { GuestPage } from "../model/GuestPage.ts";
import type { PageWords } from "../words/words.ts";

/** Why there is no sound or picture from here, and what to do: one sentence each. */
export function SourceTroubles({ page, words }: { page: GuestPage; words: PageWords }) {
	const sentences = (["microphone", "camera"] as const).flatMap((kind) => {
		const state = page.media[kind].value;
		return state === "denied" || state === "busy" || state === "absent" ? [words.own.source[kind][state]] : [];
	});
	if (sentences.length === 0) return null;
	return (
		<div class="troubles" role="alert">
			{sentences.map((sentence) => (
				<p key={sentence}>{sentence}</p>
			))}
		</div>
	);
}
