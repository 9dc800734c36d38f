import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { LanguageSwitch } from "./LanguageSwitch.tsx";
import type { PanelProps } from "./ScreenProps.ts";

interface Props extends PanelProps {
	/** A class of the screen's own. */
	name: string;
	/** What stands at the top right, before the language. */
	badge?: ComponentChildren;
	/** The row at the bottom. What ends something (leave, cancel, decline, done) is always its last: the same place on every screen. */
	bar: ComponentChildren;
	children: ComponentChildren;
}

/** The skeleton of every screen but the clock: head, stage, bar. */
export function Frame(props: Props) {
	const stage = useRef<HTMLElement>(null);
	// A new screen is read from its heading on, and Tab goes on from there.
	useLayoutEffect(() => {
		stage.current?.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true });
	}, []);
	return (
		<div class={`frame ${props.name}`}>
			<header class="head">
				<p class="room-name">{props.snapshot.room.name}</p>
				{props.badge}
				<LanguageSwitch {...props} />
			</header>
			<main class="stage" ref={stage}>
				{props.children}
			</main>
			<footer class="bar">{props.bar}</footer>
		</div>
	);
}
