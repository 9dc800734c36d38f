import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type Gaze, straightAhead } from "../../../device/media/gaze.ts";
import { CameraEye } from "../../sim/camera/CameraEye.ts";
import { openFiles, type Picture, seen, startEngine, until } from "./engines.ts";
import { makeNative } from "./native/built.ts";

beforeAll(() => makeNative(), 300_000);

/** What the wide room has where: see `wideRoom.svg`. */
const terracotta = ([red, green, blue]: number[]) => (red ?? 0) > 120 && (green ?? 0) < 110 && (blue ?? 0) < 90;
const blueWall = ([red, green, blue]: number[]) => (red ?? 0) < 80 && (blue ?? 0) > 90 && (blue ?? 0) > (green ?? 0);
const ochre = ([red, green, blue]: number[]) => (red ?? 0) > 180 && (green ?? 0) > 120 && (blue ?? 0) < 110;
const looksLeft = (picture: Picture) => terracotta(picture.at(0.02, 0.5));
const looksRight = (picture: Picture) => blueWall(picture.at(0.97, 0.6));
const looksAhead = (picture: Picture) => ochre(picture.at(0.25, 0.3));

/** A room's camera and whoever turns it. */
async function virtualCamera() {
	const parent = mkdtempSync(join(tmpdir(), "incamera-virtual-"));
	onTestFinished(() => rmSync(parent, { recursive: true, force: true }));
	const folder = join(parent, "camera");
	let gaze: Gaze = straightAhead;
	const open = async () => {
		const eye = await CameraEye.open(folder, () => gaze);
		onTestFinished(() => eye.close().catch(() => {}));
		return eye;
	};
	return { folder, open, turn: (to: Partial<Gaze>) => (gaze = { ...gaze, ...to }) };
}

describe("a virtual camera", { timeout: 60_000 }, () => {
	it("pans, tilts and zooms with its simulator", async () => {
		const { folder, open, turn } = await virtualCamera();
		await open();
		const { engine } = await startEngine({ camera: `virtual:${folder}` });
		await engine.setSources({ microphone: false, camera: true });
		await seen(engine, "self", looksAhead);
		turn({ pan: -1 });
		await seen(engine, "self", looksLeft);
		turn({ pan: 1 });
		await seen(engine, "self", looksRight);
		turn({ pan: 0, tilt: 1 });
		// the ceiling
		await seen(engine, "self", (picture) => picture.at(0.5, 0.02).every((part) => part < 90));
		turn({ tilt: -1 });
		// the table, and the floor below it
		await seen(engine, "self", (picture) => {
			const [red, green, blue] = picture.at(0.5, 0.97);
			return blue > 110 && blue > red && red > green;
		});
		turn({ tilt: 0, zoom: 1 });
		// the room's middle, an ochre panel, fills what was a fifth of the picture
		await seen(engine, "self", (picture) => ochre(picture.at(0.5, 0.5)) && ochre(picture.at(0.62, 0.4)));
	});

	it("is closed until it is opened, and when it is closed again: no file, and nobody is asked where it looks", async () => {
		const { folder, open, turn } = await virtualCamera();
		const eye = await open();
		const { engine, told } = await startEngine({ camera: `virtual:${folder}` });
		const picture = join(folder, "picture.png");
		await until(() => told.sources?.camera.state === "closed");
		expect(openFiles(engine.pid ?? 0)).not.toContain(picture);
		await engine.setSources({ microphone: false, camera: true });
		await until(() => eye.asked > 5);
		await engine.setMuted({ microphone: false, camera: true });
		await until(() => told.sources?.camera.state === "off" && !told.sources.camera.flowing);
		expect(openFiles(engine.pid ?? 0)).not.toContain(picture);
		const { asked } = eye;
		turn({ pan: 1 });
		await engine.setMuted({ microphone: false, camera: false });
		await seen(engine, "self", looksRight);
		expect(eye.asked).toBeGreaterThan(asked);
		await engine.setSources({ microphone: false, camera: false });
		await until(() => told.sources?.camera.state === "closed" && !told.sources.camera.flowing);
		// the engine says that first, and hangs up then
		await until(() => eye.askers === 0);
	});

	it("stands still while its simulator is gone, and follows the next one", async () => {
		const { folder, open, turn } = await virtualCamera();
		const first = await open();
		const { engine, told } = await startEngine({ camera: `virtual:${folder}` });
		turn({ pan: -1 });
		await engine.setSources({ microphone: false, camera: true });
		await seen(engine, "self", looksLeft);
		await first.close();
		turn({ pan: 1 });
		let pictures = 0;
		const stop = engine.preview("self", () => (pictures += 1));
		await until(() => pictures > 5);
		stop();
		await seen(engine, "self", looksLeft);
		expect(told.sources?.camera).toMatchObject({ state: "open", flowing: true });
		await open();
		await seen(engine, "self", looksRight);
	});

	it("is absent without its folder", async () => {
		const { folder } = await virtualCamera();
		const { engine, told } = await startEngine({ camera: `virtual:${folder}` });
		await engine.setSources({ microphone: false, camera: true });
		await until(() => told.sources?.camera.state === "absent");
	});
});
