/** A virtual camera is for development: a device of a real fleet has none, whatever its configuration says. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { roomConfig } from "../../../device/config/RoomConfig.ts";
import { engineOptionsOf } from "../../../device/program/engineOptions.ts";
import { loadIdentity } from "../../../device/program/loadIdentity.ts";
import { openCa } from "../../../provisioning/service/ca/FleetCa.ts";
import { claimed } from "../../sim/fleet/twin.ts";

describe("a virtual camera", () => {
	let home: string;
	beforeAll(async () => {
		home = await mkdtemp(join(tmpdir(), "incamera-development-"));
	});
	afterAll(() => rm(home, { recursive: true, force: true }));

	const { devices } = roomConfig.parse({
		panel: { port: 8081 },
		state: "state",
		devices: { camera: { virtual: "/run/camera" } },
	});

	/** What the engine of a device of such a fleet is told to open. */
	async function cameraOf(development: boolean): Promise<string | undefined> {
		const folder = await mkdtemp(join(home, "fleet-"));
		const ca = await openCa(join(folder, "ca"), { development });
		const { identity: files } = await claimed(ca, { folder, deviceId: "room-berlin" });
		const identity = await loadIdentity(files, { nowMs: Date.now(), onRefused: () => {} });
		identity.close();
		return engineOptionsOf("Berlin", devices, identity).camera;
	}

	it("is opened where the fleet's root was made for development", async () => {
		expect(await cameraOf(true)).toBe("virtual:/run/camera");
	});

	it("is none in any other fleet", async () => {
		expect(await cameraOf(false)).toBe("none");
	});

	it("leaves every other camera as it is", () => {
		for (const camera of ["auto", "none", "synthetic", "device:v4l2:/dev/video0", "file:/a/clip.mkv"])
			expect(engineOptionsOf("Berlin", { ...devices, camera }, { development: false }).camera).toBe(camera);
	});
});
