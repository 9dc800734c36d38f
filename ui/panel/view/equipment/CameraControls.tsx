import home from "lucide:house";
import minus from "lucide:minus";
import plus from "lucide:plus";
import { useLayoutEffect, useRef } from "preact/hooks";
import { holdByKeys } from "../../../kit/thumb/holdByKeys.ts";
import { letGoWhenAway } from "../../../kit/thumb/letGoWhenAway.ts";
import { ThumbPad } from "../../../kit/thumb/ThumbPad.tsx";
import { ZoomKey } from "../../../kit/thumb/ZoomKey.tsx";
import { Ask } from "../Ask.tsx";
import type { PanelProps } from "../ScreenProps.ts";

/** Pad, home and zoom over the picture. Whatever takes them off the screen lets go of the camera. */
export function CameraControls(props: PanelProps) {
	const { model, snapshot, words } = props;
	const { steering } = model;
	const controls = useRef<HTMLDivElement>(null);
	useLayoutEffect(() => {
		if (!controls.current) return;
		const ends = [holdByKeys(controls.current, steering), letGoWhenAway(steering)];
		return () => {
			for (const end of ends) end();
		};
	}, [steering]);
	return (
		<div class="camera-controls" ref={controls}>
			<ThumbPad thumb={steering} words={words.kit.turning} />
			<Ask model={model} intent={{ type: "panel.camera_home" }} can={snapshot.can.steer} icon={home}>
				{words.camera.home}
			</Ask>
			<div class="zoom">
				<ZoomKey thumb={steering} way="out" icon={minus} label={words.kit.turning.ways.out} />
				<ZoomKey thumb={steering} way="in" icon={plus} label={words.kit.turning.ways.in} />
			</div>
		</div>
	);
}
