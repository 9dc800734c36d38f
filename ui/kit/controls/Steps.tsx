import done from "lucide:check";
import { Icon } from "../icons/Icon.tsx";

/** How far something of several steps is. `words`: of each, in order; `at`: the place of the one under way. */
export function Steps({ words, at }: { words: readonly string[]; at: number }) {
	return (
		<ol class="steps">
			{words.map((said, place) => (
				<li
					key={said}
					class={place < at ? "done" : place === at ? "now" : ""}
					aria-current={place === at ? "step" : undefined}
				>
					{place < at ? <Icon drawing={done} /> : <span class="dot" aria-hidden="true" />}
					<span>{said}</span>
				</li>
			))}
		</ol>
	);
}
