import type { ComponentChildren } from "preact";
import type { Intent } from "../../../device/contract/intents.ts";
import { Button } from "../../kit/controls/Button.tsx";
import type { PanelModel } from "../model/PanelModel.ts";

interface Props {
	model: PanelModel;
	/** What a touch asks of the device. */
	intent: Intent;
	/** The device's decision, from `snapshot.can`. */
	can: boolean;
	kind?: "plain" | "primary" | "ghost" | "alarm";
	size?: "normal" | "large" | "wide" | "square";
	icon?: string;
	label?: string;
	checked?: boolean;
	class?: string;
	children?: ComponentChildren;
}

/** A button that asks the device for something, and shows that the touch is on its way until the device has answered. */
export function Ask({ model, intent, can, ...button }: Props) {
	const pending = model.isPending(intent);
	return (
		<Button
			{...button}
			disabled={!can}
			pending={pending}
			onPress={() => {
				// A second touch while the first is on its way asks for nothing new; only a level is asked for again and again.
				if (!pending || "level" in intent) model.send(intent);
			}}
		/>
	);
}
