import type { ComponentChildren } from "preact";
import { Icon } from "../icons/Icon.tsx";

interface Props {
	state: "calm" | "care" | "alarm" | "plain";
	icon: string;
	children: ComponentChildren;
}

/** A state in words beside its icon. */
export function Badge({ state, icon, children }: Props) {
	return (
		<span class={`badge ${state}`}>
			<Icon drawing={icon} />
			<span>{children}</span>
		</span>
	);
}
