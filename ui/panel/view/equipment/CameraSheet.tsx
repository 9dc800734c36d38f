import check from "lucide:check";
import warning from "lucide:triangle-alert";
import type { Intent } from "../../../../device/contract/intents.ts";
import { Icon } from "../../../kit/icons/Icon.tsx";
import { Ask } from "../Ask.tsx";
import { OwnPicture } from "../OwnPicture.tsx";
import type { PanelProps } from "../ScreenProps.ts";
import { CameraControls } from "./CameraControls.tsx";
import { Presets } from "./Presets.tsx";

/** The own picture, large, and everything that turns the camera; or in a sentence why it can't be turned. */
export function CameraSheet(props: PanelProps) {
	const { snapshot, words } = props;
	const { camera } = snapshot.peripherals;
	const can = snapshot.can.steer && camera !== null;
	return (
		<>
			<div class="steered card">
				<OwnPicture {...props} />
				{can ? <CameraControls {...props} /> : null}
				{can || camera === null ? null : <p class="cannot">{words.camera.cannot}</p>}
			</div>
			{camera === null ? (
				<div class="card camera-lost">
					<Icon drawing={warning} />
					<p>{words.camera.lost}</p>
				</div>
			) : (
				<div class="camera-side">
					<Presets {...props} presets={camera.presets} />
					<div class="camera-switches">
						<Switch
							{...props}
							on={camera.tracking}
							intent={(on) => ({ type: "panel.camera_tracking", on })}
							can={snapshot.can.steer}
						>
							{words.camera.tracking}
						</Switch>
						<Switch {...props} on={camera.farControl} intent={(on) => ({ type: "panel.far_control", on })} can={true}>
							{words.camera.farControl}
						</Switch>
					</div>
				</div>
			)}
		</>
	);
}

interface SwitchProps extends PanelProps {
	/** Null: there is no such thing here. */
	on: boolean | null;
	intent: (on: boolean) => Intent;
	can: boolean;
	children: string;
}

function Switch({ model, on, intent, can, children }: SwitchProps) {
	if (on === null) return null;
	return (
		<Ask model={model} intent={intent(!on)} can={can} checked={on} kind="ghost" class="check">
			<span class="box">{on ? <Icon drawing={check} /> : null}</span>
			<span>{children}</span>
		</Ask>
	);
}
