import erase from "lucide:eraser";
import { HoldButton } from "../../../kit/controls/HoldButton.tsx";
import { Icon } from "../../../kit/icons/Icon.tsx";
import { de } from "../../words/reset/de.ts";
import { en } from "../../words/reset/en.ts";
import type { PanelProps } from "../ScreenProps.ts";

const languages = { de, en };

/** On the service page: that this device can forget everything, why not just now, and why the last time failed. Held, it asks once more. */
export function ResetRow({ model, snapshot, words }: PanelProps) {
	const { reset, can, update } = snapshot;
	if (reset === null) return null;
	const said = languages[snapshot.room.locale];
	const why = can.factoryReset ? said.explain : update === null ? said.inUse : said.updating;
	return (
		<li class="device card reset-row">
			<Icon drawing={erase} />
			<div class="device-what">
				<h2>{said.title}</h2>
				<p class="muted">{reset.state === "begun" ? said.begun : why}</p>
			</div>
			<HoldButton
				disabled={!can.factoryReset}
				onHeld={() => {
					model.aside.value = "reset";
				}}
			>
				{said.open}
			</HoldButton>
			{reset.code === null ? null : (
				<p class="device-failure">
					{said.failures[reset.code]}{" "}
					<span class="muted">
						{words.kit.failureCode} <code>{reset.code}</code>
					</span>
				</p>
			)}
		</li>
	);
}
