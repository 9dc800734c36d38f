import monitor from "lucide:monitor";
import power from "lucide:power";
import loudspeaker from "lucide:volume-2";
import { Icon } from "../../../kit/icons/Icon.tsx";
import { Ask } from "../Ask.tsx";
import type { PanelProps } from "../ScreenProps.ts";
import { Stepper } from "../Stepper.tsx";

const VOLUME_STEP = 5;

/**
 * The room's display: on and off, and a volume of its own. People have one volume, that of the call, in the bar; this one is for what else
 * the display plays, and for a display that was left too quiet.
 */
export function DisplayCards({ model, snapshot, words }: PanelProps) {
	const { display } = snapshot.peripherals;
	const can = snapshot.can.display;
	const level = model.displayVolume.value;
	if (display === null) {
		return (
			<section class="card device-card">
				<h2>
					<Icon drawing={monitor} />
					{words.display.name}
				</h2>
				<p role="status">{words.display.lost}</p>
			</section>
		);
	}
	const on = display.power === "on" || display.power === "warming";
	return (
		<>
			<section class="card device-card">
				<h2>
					<Icon drawing={monitor} />
					{words.display.name}
				</h2>
				<p class="muted" role="status">
					{words.display.states[display.power ?? "unknown"]}
				</p>
				<Ask model={model} intent={{ type: "panel.display_power", on: !on }} can={can} icon={power} size="wide">
					{on ? words.display.off : words.display.on}
				</Ask>
			</section>
			{level === null ? null : (
				<section class="card device-card">
					<h2>
						<Icon drawing={loudspeaker} />
						{words.display.volume}
					</h2>
					<p class="muted">{display.muted ? words.display.muted : words.display.volumeExplain}</p>
					<Stepper
						model={model}
						label={words.display.volume}
						less={words.display.quieter}
						more={words.display.louder}
						level={level}
						step={VOLUME_STEP}
						can={can}
						to={(wanted) => ({ type: "panel.display_volume", level: wanted })}
					/>
				</section>
			)}
		</>
	);
}
