import update from "lucide:arrow-down-to-line";
import { Icon } from "../../kit/icons/Icon.tsx";
import { Ask } from "./Ask.tsx";
import type { PanelProps } from "./ScreenProps.ts";

/** What an update of this device does; where it waits for people, they say when. Nothing of it is ever shown in a call. */
export function UpdateNote({ model, snapshot, words }: PanelProps) {
	const { can } = snapshot;
	if (snapshot.update === null) return null;
	const { state, version, pct } = snapshot.update;
	if (!can.update) {
		const progress = pct === null ? "" : ` · ${Math.round(pct)} %`;
		return (
			<p class="update-line">
				<Icon drawing={update} />
				<span>
					{words.update.states[state]} · {version}
					{progress}
				</span>
			</p>
		);
	}
	return (
		<section class="update-note card" aria-label={words.update.asks}>
			<h2 class="update-title">{words.update.asks}</h2>
			<Ask model={model} intent={{ type: "panel.update", now: true }} can={can.update}>
				{words.update.now}
			</Ask>
			<Ask model={model} intent={{ type: "panel.update", now: false }} can={can.update} kind="ghost">
				{words.update.later}
			</Ask>
		</section>
	);
}
