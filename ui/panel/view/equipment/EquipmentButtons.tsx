import { Button } from "../../../kit/controls/Button.tsx";
import type { PanelProps } from "../ScreenProps.ts";
import { hasDevice } from "./hasDevice.ts";

/** Opens what turns the camera and what switches the display, in a room that has them; also while they are lost, to say so. */
export function EquipmentButtons({ model, snapshot, words }: PanelProps) {
	return (
		<div class="equipment-buttons">
			{(["camera", "display"] as const)
				.filter((kind) => hasDevice(snapshot, kind))
				.map((kind) => (
					<Button
						key={kind}
						kind="ghost"
						onPress={() => {
							model.aside.value = kind;
						}}
					>
						{words[kind].open}
					</Button>
				))}
		</div>
	);
}
