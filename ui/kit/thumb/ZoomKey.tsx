import { useLayoutEffect, useRef } from "preact/hooks";
import { Icon } from "../icons/Icon.tsx";
import { holdByPointer } from "./holdByPointer.ts";
import type { Thumb } from "./Thumb.ts";
import { aimOf } from "./ways.ts";

interface Props {
	thumb: Thumb;
	way: "in" | "out";
	icon: string;
	label: string;
}

/** Zooms for as long as it is held. */
export function ZoomKey({ thumb, way, icon, label }: Props) {
	const key = useRef<HTMLButtonElement>(null);
	useLayoutEffect(() => {
		if (key.current) return holdByPointer(key.current, thumb, () => aimOf([way]));
	}, [thumb, way]);
	return (
		<button type="button" class="button square" data-way={way} aria-label={label} ref={key}>
			<Icon drawing={icon} />
		</button>
	);
}
