import chevron from "lucide:chevron-up";
import { useSignalEffect } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Words } from "../i18n/Words.ts";
import { Icon } from "../icons/Icon.tsx";
import { holdByPointer } from "./holdByPointer.ts";
import { onRim, padAim } from "./padAim.ts";
import type { Thumb } from "./Thumb.ts";

/**
 * A round pad: the camera turns for as long as a thumb holds it, to where the thumb is from the centre, and the faster the farther. The
 * four ways on it are buttons for keys and screen readers.
 */
export function ThumbPad({ thumb, words }: { thumb: Thumb; words: Words["turning"] }) {
	const pad = useRef<HTMLDivElement>(null);
	const knob = useRef<HTMLSpanElement>(null);
	useLayoutEffect(() => {
		const element = pad.current;
		if (!element) return;
		return holdByPointer(element, thumb, (event) => {
			const box = element.getBoundingClientRect();
			const radius = box.width / 2;
			const at = {
				x: (event.clientX - box.left) / radius - 1,
				y: 1 - (event.clientY - box.top) / radius,
			};
			const { x, y } = onRim(at);
			knob.current?.style.setProperty("translate", `${x * radius}px ${-y * radius}px`);
			return padAim(at);
		});
	}, [thumb]);
	// The knob goes home however the hold ended.
	useSignalEffect(() => {
		if (thumb.hold.value === null) knob.current?.style.removeProperty("translate");
	});
	return (
		// biome-ignore lint/a11y/useSemanticElements: a fieldset is for a form; these buttons turn something.
		<div class="thumb-pad" role="group" aria-label={words.pad} ref={pad}>
			<span class="knob" ref={knob} aria-hidden="true" />
			{(["up", "left", "right", "down"] as const).map((way) => (
				<button key={way} type="button" class={way} data-way={way} aria-label={words.ways[way]}>
					<Icon drawing={chevron} />
				</button>
			))}
		</div>
	);
}
