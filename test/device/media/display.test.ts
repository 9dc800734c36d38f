/** The TV's picture on the device's own compositor (sway, without a screen), beside the panel's. */
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { Compositor, type Shot } from "../../sim/Compositor.ts";
import { callScene, startEngine, until } from "./engines.ts";
import { makeNative } from "./native/built.ts";

beforeAll(() => makeNative(), 300_000);

let compositor: Compositor;
afterEach(() => compositor?.remove());

const isBlack = (shot: Shot): boolean =>
	[0.1, 0.5, 0.9].every((x) => [0.1, 0.5, 0.9].every((y) => Math.max(...shot.at(x, y)) < 8));
/** Fails with what was there instead, and with what became of the browser. */
const sees = async (screen: "panel" | "tv", wanted: (shot: Shot) => boolean): Promise<void> => {
	const look = async () => {
		const shot = await compositor.shot(screen);
		const colours = [0, 0.5, 1].map((y) => shot.at(0.5, y).join(" "));
		return wanted(shot) ? "as wanted" : `${colours.join(", ")}; browser ${compositor.browser}`;
	};
	await expect.poll(look, { timeout: 45_000 }).toBe("as wanted");
};
const engine = () => startEngine({ display: "auto", env: { WAYLAND_DISPLAY: compositor.tv } });
const isDrawn = (shot: Shot): boolean => !isBlack(shot);

describe("the TV's picture", { timeout: 60_000 }, () => {
	it("is drawn once there is a TV, on all of it, and never on the panel", async () => {
		compositor = new Compositor();
		await compositor.start();
		await engine();
		await compositor.plug(true);
		await sees("tv", isDrawn);
		expect(isBlack(await compositor.shot("panel"))).toBe(true);
	});

	it("comes and goes beside the panel's browser, which keeps all of its screen", async () => {
		compositor = new Compositor();
		await compositor.start();
		compositor.openPanel("lime");
		// also where a browser's bars would be
		const full = (shot: Shot) => [0, 0.5, 1].every((y) => shot.at(0.5, y).join() === "0,255,0");
		await sees("panel", full);
		await engine();
		for (const [there, wanted] of [
			[true, isDrawn],
			[false, null],
			[true, isDrawn],
		] as const) {
			await compositor.plug(there);
			if (wanted) await sees("tv", wanted);
			expect(full(await compositor.shot("panel"))).toBe(true);
		}
	});

	it("is there again after the compositor crashed", async () => {
		compositor = new Compositor();
		await compositor.start();
		await compositor.plug(true);
		const { told } = await engine();
		await sees("tv", isDrawn);
		await compositor.kill();
		await compositor.plug(false).catch(() => {});
		await compositor.start();
		expect(isBlack(await compositor.shot("tv"))).toBe(true);
		await compositor.plug(true);
		await sees("tv", isDrawn);
		// by the same engine: a call goes on through it
		expect(told.up).toBe(1);
		expect(told.down).toEqual([]);
	});

	it("is out of sight when the TV is gone, before anybody noticed, and comes back with it", async () => {
		compositor = new Compositor();
		await compositor.start();
		await compositor.plug(true);
		const { engine: running, told } = await engine();
		await running.setSources({ microphone: false, camera: true });
		running.setTv({ ...callScene, layout: "alone" });
		await until(() => told.sources?.camera.flowing);
		await sees("tv", isDrawn);
		await compositor.pull();
		expect(isBlack(await compositor.shot("panel"))).toBe(true);
		await compositor.plug(false);
		expect(isBlack(await compositor.shot("panel"))).toBe(true);
		await compositor.plug(true);
		await sees("tv", isDrawn);
		expect(isBlack(await compositor.shot("panel"))).toBe(true);
	});
});
