import pin from "lucide:bookmark-plus";
import nothing from "lucide:image";
import { useState } from "preact/hooks";
import type { Peripherals } from "../../../../device/contract/peripherals.ts";
import { Button } from "../../../kit/controls/Button.tsx";
import { Icon } from "../../../kit/icons/Icon.tsx";
import { Ask } from "../Ask.tsx";
import type { PanelProps } from "../ScreenProps.ts";

type Preset = NonNullable<Peripherals["camera"]>["presets"][number];
/** What a touch on a place does: it goes there; or it is the one to be replaced, which is then asked once more. */
type Storing = "no" | "choosing" | Preset;

/** The places that the camera knows, as pictures: a touch goes there; and where it looks now can be kept as one of them. */
export function Presets(props: PanelProps & { presets: readonly Preset[] }) {
	const { model, snapshot, words, presets } = props;
	const [storing, setStoring] = useState<Storing>("no");
	const can = snapshot.can.steer;
	if (presets.length === 0) return <p class="muted presets-none">{words.camera.noPresets}</p>;
	const nameOf = (preset: Preset) => preset.name ?? words.kit.turning.preset(preset.number);
	const chosen = typeof storing === "string" ? null : storing.number;
	return (
		<>
			{/* A list that scrolls has to be scrolled by keys too, also when none of its buttons can be reached. */}
			<ul class="presets" aria-label={words.kit.turning.presets} tabIndex={can ? undefined : 0}>
				{presets.map((preset) => {
					const face = <Face preset={preset} name={nameOf(preset)} />;
					return (
						<li key={preset.number}>
							{storing === "no" ? (
								<Ask
									model={model}
									intent={{ type: "panel.preset_recall", number: preset.number }}
									can={can}
									class="preset"
								>
									{face}
								</Ask>
							) : (
								<Button
									class="preset choice"
									pressed={chosen === preset.number}
									disabled={!can}
									onPress={() => setStoring(preset)}
								>
									{face}
								</Button>
							)}
						</li>
					);
				})}
			</ul>
			{storing === "no" ? (
				<Button kind="ghost" icon={pin} disabled={!can} onPress={() => setStoring("choosing")}>
					{words.camera.store}
				</Button>
			) : (
				<div class="storing">
					{storing === "choosing" ? (
						<p role="status">{words.camera.choose}</p>
					) : (
						<Button
							kind="primary"
							disabled={!can}
							onPress={() => {
								model.send({ type: "panel.preset_store", number: storing.number });
								setStoring("no");
							}}
						>
							{words.camera.replace(nameOf(storing))}
						</Button>
					)}
					<Button kind="ghost" onPress={() => setStoring("no")}>
						{words.kit.controls.cancel}
					</Button>
				</div>
			)}
		</>
	);
}

function Face({ preset: { number, picture }, name }: { preset: Preset; name: string }) {
	const [broken, setBroken] = useState<string | null>(null);
	return (
		<>
			{picture === null || picture === broken ? (
				<Icon drawing={nothing} />
			) : (
				<img
					src={`/preset/${number}.jpg?v=${encodeURIComponent(picture)}`}
					alt=""
					draggable={false}
					onError={() => setBroken(picture)}
				/>
			)}
			<span>{name}</span>
		</>
	);
}
