import mic from "lucide:mic";
import micOff from "lucide:mic-off";
import video from "lucide:video";
import videoOff from "lucide:video-off";
import { Meter } from "../../kit/controls/Meter.tsx";
import { Icon } from "../../kit/icons/Icon.tsx";
import type { GuestPage } from "../model/GuestPage.ts";
import type { SourceKind } from "../model/LocalMedia.ts";
import type { PageWords } from "../words/words.ts";

interface Props {
	page: GuestPage;
	kind: SourceKind;
	words: PageWords;
}

const icons = { microphone: { on: mic, off: micOff }, camera: { on: video, off: videoOff } };

/** Switches the own microphone or camera; always says in words which it is. */
export function SourceButton({ page, kind, words }: Props) {
	const state = page.media[kind].value;
	const on = state === "on";
	const { controls } = words.shared;
	const label = {
		microphone: on ? controls.microphoneOn : controls.microphoneOff,
		camera: on ? controls.cameraOn : controls.cameraOff,
	}[kind];
	return (
		<button
			type="button"
			class={`button control ${on ? "" : "off"}`}
			data-testid={kind}
			data-state={state}
			aria-busy={state === "starting"}
			onClick={() => void page.setSource(kind, !on)}
		>
			<Icon drawing={on ? icons[kind].on : icons[kind].off} />
			<span>{label}</span>
			{kind === "microphone" ? <Meter level={page.media.level} /> : null}
		</button>
	);
}
