import type { ComponentChildren } from "preact";

/** A screen's heading. It takes the focus when the screen appears, so that a screen reader says it. */
export function Heading({ children }: { children: ComponentChildren }) {
	return (
		<h1 class="heading" tabIndex={-1}>
			{children}
		</h1>
	);
}
