import { useLayoutEffect, useRef } from "preact/hooks";
import { Icon } from "../../../kit/icons/Icon.tsx";
import type { Steering } from "../../model/Steering.ts";
import { holdByPointer } from "./holdByPointer.ts";
import { aimOf } from "./ways.ts";

interface Props {
	steering: Steering;
	way: "in" | "out";
	icon: string;
	label: string;
}

/** Zooms for as long as it is held. */
export function ZoomKey({ steering, way, icon, label }: Props) {
	const key = useRef<HTMLButtonElement>(null);
	useLayoutEffect(() => {
		if (key.current) return holdByPointer(key.current, steering, () => aimOf([way]));
	}, [steering, way]);
	return (
		<button type="button" class="button square" data-way={way} aria-label={label} ref={key}>
			<Icon drawing={icon} />
		</button>
	);
}
