import minus from "lucide:minus";
import plus from "lucide:plus";
import type { ComponentChildren } from "preact";
import type { Intent } from "../../../device/contract/intents.ts";
import type { PanelModel } from "../model/PanelModel.ts";
import { Ask } from "./Ask.tsx";

interface Props {
	model: PanelModel;
	label: string;
	/** What its two buttons are called, for whoever doesn't see what is between them. */
	less: string;
	more: string;
	/** 0–100; null: not known, and can't be turned. */
	level: number | null;
	step: number;
	can: boolean;
	to: (level: number) => Intent;
	class?: string;
	children?: ComponentChildren;
}

/** Each touch is a step, and three quick ones are three steps: counted from what was last asked for, not from what came back. */
export function Stepper({ model, label, less, more, level, step, can, to, ...rest }: Props) {
	const next = (by: number) => to(Math.min(100, Math.max(0, (level ?? 0) + by)));
	return (
		// biome-ignore lint/a11y/useSemanticElements: a fieldset is for a form; this is a group of two buttons and their value.
		<div class={`stepper ${rest.class ?? ""}`} role="group" aria-label={label}>
			<Ask
				model={model}
				intent={next(-step)}
				can={can && level !== null && level > 0}
				icon={minus}
				label={less}
				size="square"
			/>
			<p>
				{rest.children}
				<output>{level === null ? "–" : `${Math.round(level)} %`}</output>
			</p>
			<Ask
				model={model}
				intent={next(step)}
				can={can && level !== null && level < 100}
				icon={plus}
				label={more}
				size="square"
			/>
		</div>
	);
}
