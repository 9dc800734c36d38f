import microphoneOff from "lucide:mic-off";
import cameraOff from "lucide:video-off";
import { Icon } from "../../kit/icons/Icon.tsx";
import { heldByHand } from "./heldByHand.ts";
import type { PanelProps } from "./ScreenProps.ts";

const icons = { microphone: microphoneOff, camera: cameraOff };

/** What hardware holds closed, on the clock: whoever joins knows it before. */
export function HeldNote({ snapshot, words }: PanelProps) {
	const held = heldByHand(snapshot);
	const kinds = (["microphone", "camera"] as const).filter((kind) => held[kind]);
	if (kinds.length === 0) return null;
	return (
		<ul class="held-note">
			{kinds.map((kind) => (
				<li key={kind}>
					<Icon drawing={icons[kind]} />
					<span>{words.heldAtRest[kind]}</span>
				</li>
			))}
		</ul>
	);
}
