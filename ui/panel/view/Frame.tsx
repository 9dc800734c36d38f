import back from "lucide:arrow-left";
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Button } from "../../kit/controls/Button.tsx";
import { Heading } from "../../kit/controls/Heading.tsx";
import { LanguageSwitch } from "./LanguageSwitch.tsx";
import type { PanelProps } from "./ScreenProps.ts";

interface Props extends PanelProps {
	/** A class of the screen's own. */
	name: string;
	/** The screen's heading, where it stands at the top left in place of the room's name. */
	title?: string | undefined;
	/** Where the bar belongs to the call, the way back is beside the heading. */
	onBack?: (() => void) | undefined;
	/** What stands at the top right, before the language. */
	badge?: ComponentChildren;
	/** The row at the bottom. What ends something (leave, cancel, decline, done) is always its last: the same place on every screen. */
	bar: ComponentChildren;
	children: ComponentChildren;
}

/** The skeleton of every screen but the clock: head, stage, bar. */
export function Frame(props: Props) {
	const frame = useRef<HTMLDivElement>(null);
	// A new screen is read from its heading on, and Tab goes on from there.
	useLayoutEffect(() => {
		frame.current?.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true });
	}, []);
	return (
		<div class={`frame ${props.name}`} ref={frame}>
			<header class="head">
				{props.onBack ? (
					<Button kind="ghost" size="square" icon={back} label={props.words.back} onPress={props.onBack} />
				) : null}
				{props.title === undefined ? (
					<p class="room-name">{props.snapshot.room.name}</p>
				) : (
					<Heading>{props.title}</Heading>
				)}
				{props.badge}
				<LanguageSwitch {...props} />
			</header>
			<main class="stage">{props.children}</main>
			<footer class="bar">{props.bar}</footer>
		</div>
	);
}
