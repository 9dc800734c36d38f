import type { ReadonlySignal } from "@preact/signals";
import { useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";

interface Props {
	/** 0–1. Read outside the drawing: a level that moves ten times a second redraws nothing. */
	level: ReadonlySignal<number>;
}

/** How loud a microphone hears. Decoration beside the words "microphone on", so a screen reader skips it. */
export function Meter({ level }: Props) {
	const bar = useRef<HTMLElement>(null);
	useSignalEffect(() => {
		bar.current?.style.setProperty("--level", String(Math.min(1, Math.max(0, level.value))));
	});
	return (
		<span class="meter" aria-hidden="true">
			<i ref={bar} />
		</span>
	);
}
