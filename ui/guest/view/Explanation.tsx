import type { ComponentChildren } from "preact";
import type { PageWords } from "../words/words.ts";

interface Props {
	title: string;
	next: string;
	/** What a person reads to IT on the phone. */
	code?: string;
	words: PageWords;
	children?: ComponentChildren;
}

/** One sentence, the next step, and the code. */
export function Explanation({ title, next, code, words, children }: Props) {
	return (
		<section class="explanation">
			<h1 tabIndex={-1}>{title}</h1>
			<p>{next}</p>
			{children}
			{code === undefined ? null : (
				<p class="muted code" translate={false}>
					{words.shared.failureCode} <code>{code}</code>
				</p>
			)}
		</section>
	);
}
