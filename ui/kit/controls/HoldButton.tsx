import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../icons/Icon.tsx";

/** As long as the bar in kit's controls.css takes to fill. */
const HOLD_MS = 1500;

interface Props {
	kind?: "plain" | "alarm";
	icon?: string;
	class?: string;
	disabled?: boolean;
	/** Held long enough, and not yet answered by the other side. */
	pending?: boolean;
	onHeld(): void;
	children?: ComponentChildren;
}

/** For what must not happen by a touch in passing: finger or key stays down until the bar is full; let go before, nothing was asked. */
export function HoldButton({
	kind = "plain",
	icon,
	disabled = false,
	pending = false,
	onHeld,
	children,
	...props
}: Props) {
	const [holding, setHolding] = useState(false);
	const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
	const letGo = (): void => {
		clearTimeout(timer.current);
		setHolding(false);
	};
	const hold = (): void => {
		if (disabled || pending) return;
		letGo();
		setHolding(true);
		timer.current = setTimeout(() => {
			setHolding(false);
			onHeld();
		}, HOLD_MS);
	};
	// what is no longer offered is no longer held
	useEffect(() => {
		if (disabled || pending) letGo();
	}, [disabled, pending]);
	useEffect(() => () => clearTimeout(timer.current), []);
	const isKey = ({ key }: KeyboardEvent): boolean => key === "Enter" || key === " ";
	return (
		<button
			type="button"
			class={["button", kind, "hold", props.class ?? ""].join(" ").trim()}
			data-holding={holding || undefined}
			aria-busy={pending}
			disabled={disabled}
			onPointerDown={(event) => {
				event.currentTarget.setPointerCapture(event.pointerId);
				hold();
			}}
			onPointerUp={letGo}
			onPointerCancel={letGo}
			onKeyDown={(event) => {
				if (!isKey(event)) return;
				event.preventDefault();
				if (!event.repeat) hold();
			}}
			onKeyUp={(event) => isKey(event) && letGo()}
			onBlur={letGo}
			onContextMenu={(event) => event.preventDefault()}
		>
			{icon === undefined ? null : <Icon drawing={icon} />}
			{children}
		</button>
	);
}
