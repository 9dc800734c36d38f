import type { ComponentChildren } from "preact";
import { Icon } from "../icons/Icon.tsx";

interface Props {
	/** `primary` is the one thing to do: at most one on a screen. */
	kind?: "plain" | "primary" | "ghost" | "alarm";
	size?: "normal" | "large" | "wide" | "square";
	icon?: string;
	/** Needed where the button holds no words. */
	label?: string;
	/** Felt, and not yet answered by the other side. */
	pending?: boolean;
	disabled?: boolean;
	/** Does nothing but say why: it stays to be found and read, unlike one that is disabled. */
	blocked?: boolean;
	/** For a button that stays in. */
	pressed?: boolean;
	/** For a switch: on or off. */
	checked?: boolean;
	expanded?: boolean;
	class?: string;
	type?: "button" | "submit";
	autofocus?: boolean;
	onPress?: () => void;
	children?: ComponentChildren;
}

export function Button(props: Props) {
	const { kind = "plain", size = "normal", icon, label, pending = false, type = "button", onPress } = props;
	return (
		// biome-ignore lint/a11y/useAriaPropsSupportedByRole: aria-checked comes only together with the role "switch".
		<button
			type={type}
			role={props.checked === undefined ? undefined : "switch"}
			aria-checked={props.checked}
			class={["button", kind, size, props.class ?? ""].join(" ").trim()}
			aria-label={label}
			aria-busy={pending}
			aria-pressed={props.pressed}
			aria-expanded={props.expanded}
			aria-disabled={props.blocked || undefined}
			disabled={props.disabled ?? false}
			autofocus={props.autofocus ?? false}
			onClick={onPress ? () => onPress() : undefined}
		>
			{icon === undefined ? null : <Icon drawing={icon} />}
			{props.children}
		</button>
	);
}
