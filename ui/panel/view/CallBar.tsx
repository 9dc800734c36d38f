import leave from "lucide:log-out";
import microphone from "lucide:mic";
import microphoneOff from "lucide:mic-off";
import selfView from "lucide:picture-in-picture-2";
import camera from "lucide:video";
import cameraOff from "lucide:video-off";
import loudspeaker from "lucide:volume-2";
import { Button } from "../../kit/controls/Button.tsx";
import { Meter } from "../../kit/controls/Meter.tsx";
import { Icon } from "../../kit/icons/Icon.tsx";
import { Ask } from "./Ask.tsx";
import { heldByHand, type SourceKind } from "./heldByHand.ts";
import type { PanelProps } from "./ScreenProps.ts";
import { Stepper } from "./Stepper.tsx";
import { sourceWords } from "./sourceWords.ts";

const VOLUME_STEP = 10;
const icons = {
	microphone: { on: microphone, off: microphoneOff },
	camera: { on: camera, off: cameraOff },
};

/** Microphone, camera, volume, self view, leave: the same five at the same places for as long as a call lasts. */
export function CallBar(props: PanelProps) {
	const { model, snapshot, words } = props;
	const { media, can } = snapshot;
	const { controls } = words.kit;
	return (
		<>
			<SourceTile {...props} kind="microphone" />
			<SourceTile {...props} kind="camera" />
			<Stepper
				model={model}
				label={controls.volume}
				less={words.volumeDown}
				more={words.volumeUp}
				level={model.volume.value}
				step={VOLUME_STEP}
				can={true}
				to={(level) => ({ type: "panel.volume", level })}
				class="tile"
			>
				<Icon drawing={loudspeaker} />
			</Stepper>
			<Ask
				model={model}
				intent={{ type: "panel.self_view", on: !media.selfView }}
				can={true}
				icon={selfView}
				class={media.selfView ? "tile" : "tile quiet"}
				checked={media.selfView}
			>
				<span>{media.selfView ? words.selfView.on : words.selfView.off}</span>
			</Ask>
			<Ask model={model} intent={{ type: "panel.leave" }} can={can.leave} kind="alarm" icon={leave} class="tile end">
				<span>{controls.leave}</span>
			</Ask>
		</>
	);
}

/** Opens and closes a source. What a hand closed at the hardware only a hand opens: then the tile says where. */
function SourceTile({ model, snapshot, words, kind }: PanelProps & { kind: SourceKind }) {
	const { controls } = words.kit;
	const source = snapshot.media[kind];
	const off = { microphone: controls.microphoneOff, camera: controls.cameraOff }[kind];
	if (heldByHand(snapshot)[kind]) {
		return (
			<Button
				icon={icons[kind].off}
				class="tile off held"
				checked={false}
				blocked
				onPress={() => model.explain(`${kind}-held`)}
			>
				<span>{off}</span>
				<small>{words.held[kind]}</small>
			</Button>
		);
	}
	const open = source.state === "open";
	const trouble = sourceWords(source, kind, words);
	return (
		<Ask
			model={model}
			intent={{ type: `panel.${kind}`, on: !open }}
			can={snapshot.can[kind]}
			icon={open ? icons[kind].on : icons[kind].off}
			class={trouble !== null ? "tile care" : open ? "tile" : "tile off"}
			checked={open}
		>
			<span>{trouble ?? (open ? controls[kind] : off)}</span>
			{kind === "microphone" && open && trouble === null ? <Meter level={model.microphoneLevel} /> : null}
		</Ask>
	);
}
