import { afterEach, describe, expect, it } from "vitest";
import { CameraRig } from "./CameraRig.ts";

let rig: CameraRig;
afterEach(() => rig.end());

const STOP = "01060101010303";
const ZOOM_STOP = "01040700";
const FOCUS_STOP = "01040800";

describe("a camera that comes up", () => {
	it("is given its number, cleared, and stopped before anything else", async () => {
		rig = await CameraRig.ready();
		expect(rig.heard()).toEqual(["3001", "010001", STOP, ZOOM_STOP, FOCUS_STOP]);
		expect(rig.camera.health).toMatchObject({ state: "ok", failure: null, model: "Sony SRG-300SE, ROM 0102" });
		expect(rig.healths).toEqual(["ok"]);
	});
});
