import type { ComponentChildren } from "preact";
import { Heading } from "../../kit/controls/Heading.tsx";

interface Props {
	name: string;
	/** Top left; where it is left out, the stage has the heading. */
	title?: string;
	language: ComponentChildren;
	bar: ComponentChildren;
	children: ComponentChildren;
}

/** Head, stage, bar. */
export function Frame({ name, title, language, bar, children }: Props) {
	return (
		<div class={`frame ${name}`}>
			<header class="head">
				{title === undefined ? <p class="heading" /> : <Heading>{title}</Heading>}
				{language}
			</header>
			<main class="stage">{children}</main>
			<footer class="bar">{bar}</footer>
		</div>
	);
}
