import type { ComponentChildren } from "preact";
import { CallBar } from "../CallBar.tsx";
import { Frame } from "../Frame.tsx";
import type { PanelProps } from "../ScreenProps.ts";
import { CameraSheet } from "./CameraSheet.tsx";
import { DisplayCards } from "./DisplayCards.tsx";
import { hasDevice } from "./hasDevice.ts";

export type Sheet = "camera" | "display";

/** Which of the equipment's sheets is open on the call. */
export function openSheet({ model, snapshot }: PanelProps): Sheet | null {
	const aside = model.aside.value;
	return (aside === "camera" || aside === "display") && hasDevice(snapshot, aside) ? aside : null;
}

/** Camera or display, on the stage of a call: its bar stays, so that leave, microphone and camera are where they are. */
export function EquipmentSheet(props: PanelProps & { sheet: Sheet; badge?: ComponentChildren }) {
	const { model, words, sheet, badge } = props;
	return (
		<Frame
			{...props}
			name={`${sheet}-sheet`}
			title={words[sheet].title}
			onBack={() => {
				model.aside.value = null;
			}}
			badge={badge}
			bar={<CallBar {...props} />}
		>
			{sheet === "camera" ? <CameraSheet {...props} /> : <DisplayCards {...props} />}
		</Frame>
	);
}
