import report from "lucide:clipboard-list";
import { Icon } from "../../../kit/icons/Icon.tsx";
import { de } from "../../words/support/de.ts";
import { en } from "../../words/support/en.ts";
import { Ask } from "../Ask.tsx";
import type { PanelProps } from "../ScreenProps.ts";

const languages = { de, en };

/** On the service page while a stick is plugged in: what a report for support has in it, and how saving it goes. */
export function SupportRow({ model, snapshot, words }: PanelProps) {
	const { support, can } = snapshot;
	if (support === null) return null;
	const said = languages[snapshot.room.locale];
	const { state, file, code } = support;
	return (
		<li class="device card support-row">
			<Icon drawing={report} />
			<div class="device-what">
				<h2>{said.title}</h2>
				<p class="muted">{said.contents}</p>
			</div>
			{state === "collecting" || state === "writing" ? (
				<p class="device-state" role="status">
					{said.states[state]}
				</p>
			) : (
				<Ask model={model} intent={{ type: "panel.save_support" }} can={can.saveSupport}>
					{said.save}
				</Ask>
			)}
			{file === null ? null : (
				<p class="device-failure" role="status">
					{said.done(file)}
				</p>
			)}
			{code === null ? null : (
				<p class="device-failure" role="status">
					{said.failures[code]}{" "}
					<span class="muted">
						{words.kit.failureCode} <code>{code}</code>
					</span>
				</p>
			)}
		</li>
	);
}
