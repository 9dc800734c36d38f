import microphone from "lucide:mic";
import camera from "lucide:video";
import { Icon } from "../../kit/icons/Icon.tsx";
import { EquipmentButtons } from "./equipment/EquipmentButtons.tsx";
import { isSeen, OwnPicture } from "./OwnPicture.tsx";
import type { PanelProps } from "./ScreenProps.ts";

/** The room's own picture, which devices it comes from, and the way to the equipment that makes it. */
export function SelfView(props: PanelProps) {
	const { snapshot, words } = props;
	return (
		<figure class="self-view card">
			<OwnPicture {...props} />
			<figcaption>
				<strong>{isSeen(snapshot) ? words.kit.selfView : words.selfView.none}</strong>
				{snapshot.peripherals.devices.length === 0 ? <Sources {...props} /> : <EquipmentButtons {...props} />}
			</figcaption>
		</figure>
	);
}

function Sources({ snapshot: { media } }: PanelProps) {
	return (
		<ul class="sources">
			{media.camera.device === null ? null : (
				<li>
					<Icon drawing={camera} />
					<span>{media.camera.device}</span>
				</li>
			)}
			{media.microphone.device === null ? null : (
				<li>
					<Icon drawing={microphone} />
					<span>{media.microphone.device}</span>
				</li>
			)}
		</ul>
	);
}
