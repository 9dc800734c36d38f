import leave from "lucide:log-out";
import microphone from "lucide:mic";
import microphoneOff from "lucide:mic-off";
import minus from "lucide:minus";
import selfView from "lucide:picture-in-picture-2";
import plus from "lucide:plus";
import camera from "lucide:video";
import cameraOff from "lucide:video-off";
import loudspeaker from "lucide:volume-2";
import { Meter } from "../../kit/controls/Meter.tsx";
import { Icon } from "../../kit/icons/Icon.tsx";
import { Ask } from "./Ask.tsx";
import type { PanelProps } from "./ScreenProps.ts";
import { sourceWords } from "./sourceWords.ts";

const VOLUME_STEP = 10;

/** Microphone, camera, volume, self view, leave: the same five at the same places for as long as a call lasts. */
export function CallBar(props: PanelProps) {
	const { model, snapshot, words } = props;
	const { media, can } = snapshot;
	const open = { microphone: media.microphone.state === "open", camera: media.camera.state === "open" };
	const trouble = {
		microphone: sourceWords(media.microphone, "microphone", words),
		camera: sourceWords(media.camera, "camera", words),
	};
	const { controls } = words.kit;
	return (
		<>
			<Ask
				model={model}
				intent={{ type: "panel.microphone", on: !open.microphone }}
				can={can.microphone}
				icon={open.microphone ? microphone : microphoneOff}
				class={tile(open.microphone, trouble.microphone)}
				checked={open.microphone}
			>
				<span>{trouble.microphone ?? (open.microphone ? controls.microphone : controls.microphoneOff)}</span>
				{open.microphone && !trouble.microphone ? <Meter level={model.microphoneLevel} /> : null}
			</Ask>
			<Ask
				model={model}
				intent={{ type: "panel.camera", on: !open.camera }}
				can={can.camera}
				icon={open.camera ? camera : cameraOff}
				class={tile(open.camera, trouble.camera)}
				checked={open.camera}
			>
				<span>{trouble.camera ?? (open.camera ? controls.camera : controls.cameraOff)}</span>
			</Ask>
			<Volume {...props} />
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

function tile(open: boolean, trouble: string | null): string {
	if (trouble !== null) return "tile care";
	return open ? "tile" : "tile off";
}

/** Each touch is a step, and three quick ones are three steps: counted from what was last asked for, not from what came back. */
function Volume({ model, words }: PanelProps) {
	const level = model.volume.value;
	const to = (step: number) => ({ type: "panel.volume", level: Math.min(100, Math.max(0, level + step)) }) as const;
	return (
		// biome-ignore lint/a11y/useSemanticElements: a fieldset is for a form; this is a group of two buttons and their value.
		<div class="tile volume" role="group" aria-label={words.kit.controls.volume}>
			<Ask
				model={model}
				intent={to(-VOLUME_STEP)}
				can={level > 0}
				icon={minus}
				label={words.volumeDown}
				size="square"
			/>
			<p>
				<Icon drawing={loudspeaker} />
				<output>{Math.round(level)} %</output>
			</p>
			<Ask model={model} intent={to(VOLUME_STEP)} can={level < 100} icon={plus} label={words.volumeUp} size="square" />
		</div>
	);
}
