/**
 * What a storm on the room's lines does to a call: 10 000 thumb events of two panels at one camera, and noise on two serial lines as fast as
 * 115 200 baud can bring it. The same frames are to be drawn at the guest with it and without it.
 */
import type { Browser } from "playwright-core";
import { systemClock as clock } from "../../../device/core/clock.ts";
import type { PanelDriver } from "../../e2e/PanelDriver.ts";
import { CameraFirmware } from "../../sim/camera/CameraFirmware.ts";
import { CameraOnSerial } from "../../sim/camera/CameraOnSerial.ts";
import { SimulatedCamera } from "../../sim/camera/SimulatedCamera.ts";
import { PtyDevice } from "../../sim/line/PtyDevice.ts";
import { PtyPair } from "../../sim/line/PtyPair.ts";
import { BenchBuilding } from "../BenchBuilding.ts";
import { frameAfter, framesOf, launchGuestBrowser, waitingGuest } from "../pageProbe.ts";
import { against, median, type Row } from "../report.ts";
import { pause, waitFor } from "../waitFor.ts";

/** 10 000 in 15 s. */
const EVENTS_A_SECOND = 667;
/** In pieces as a UART's interrupt hands them on. */
const NOISE_BYTES = 32;
const NOISE_MS = (NOISE_BYTES * 1000) / 11_520;

/** Two lines full of noise, until the returned function is called. */
function noise(camera: CameraOnSerial, other: PtyDevice): () => void {
	const bytes = Uint8Array.from({ length: NOISE_BYTES }, (_, i) => (i * 73 + 0x90) & 0xff);
	const from = performance.now();
	let pieces = 0;
	// as many as there should have been by now, whenever the timer fires
	const timer = setInterval(() => {
		for (; pieces * NOISE_MS < performance.now() - from; pieces += 1) {
			camera.say(bytes);
			other.say(bytes);
		}
	}, NOISE_MS);
	return () => clearInterval(timer);
}

/** Two thumbs that never rest, until the returned function is called; it says how often they moved. */
function thumbs(panels: readonly PanelDriver[]): () => number {
	let events = 0;
	const from = performance.now();
	const timer = setInterval(() => {
		for (; events < (EVENTS_A_SECOND * (performance.now() - from)) / 1000; events += 1) {
			const panel = panels[events % panels.length] as PanelDriver;
			const pan = Math.sin(events / 10);
			void panel
				.touch({ type: "panel.camera_move", hold: `bench-${events % panels.length}`, pan, tilt: -pan, zoom: 0 })
				.catch(() => "");
		}
	}, 5);
	return () => {
		clearInterval(timer);
		return events;
	};
}

export async function inCallRows(quick: boolean): Promise<Row[]> {
	const turns = quick ? 2 : 6;
	const spanMs = quick ? 5000 : 15_000;
	const firmware = new CameraFirmware(new SimulatedCamera({ clock }), { clock });
	const [camera, cable] = await Promise.all([CameraOnSerial.start(firmware), PtyPair.open()]);
	const other = await PtyDevice.attach(cable.farPath, () => {});
	let building: BenchBuilding | null = null;
	let browser: Browser | null = null;
	try {
		building = await BenchBuilding.start({
			configure: (room, { config }) => {
				if (room !== "berlin") return;
				config["peripherals"] = {
					camera: { driver: "visca", serial: camera.path, speed: 115_200 },
					tv: { driver: "lg", serial: cable.path, speed: 115_200 },
				};
			},
		});
		browser = await launchGuestBrowser();
		const panels = [await building.panel("berlin"), await building.panel("berlin")];
		const guest = await waitingGuest(browser, building.running.guestLink);
		const sinceMs = Date.now();
		await panels[0]?.join();
		await Promise.all([building.firstPicture("berlin", sinceMs), frameAfter(guest.page, sinceMs)]);
		await waitFor(() => panels[0]?.snapshot.can.steer, "a camera that can be turned");
		// encoders have found their rate
		await pause(quick ? 3000 : 10_000);

		const drawn: Record<"calm" | "storm", number[]> = { calm: [], storm: [] };
		const longest: Record<"calm" | "storm", number[]> = { calm: [], storm: [] };
		for (let turn = 0; turn < 2 * turns; turn++) {
			const weather = turn % 2 === 0 ? "calm" : "storm";
			const stopNoise = weather === "storm" ? noise(camera, other) : () => {};
			const stopThumbs = weather === "storm" ? thumbs(panels) : () => 0;
			const fromMs = Date.now();
			await pause(spanMs);
			const toMs = Date.now();
			const events = stopThumbs();
			stopNoise();
			if (weather === "storm" && events < (EVENTS_A_SECOND * spanMs * 0.95) / 1000)
				throw new Error(`only ${events} thumb events went out`);
			await pause(500);
			const stamps = (await framesOf(guest.page)).map(({ atMs }) => atMs).filter((at) => at >= fromMs && at < toMs);
			// for exactly a second, whenever the timer fired
			drawn[weather].push((stamps.length * 1000) / (toMs - fromMs));
			longest[weather].push(Math.max(...stamps.slice(1).map((at, i) => at - (stamps[i] as number))));
		}
		const bench = "peripherals";
		const calm = median(drawn.calm);
		const kept = against(
			{ bench, metric: "frames drawn at the guest, in a storm against calm", unit: "/s" },
			drawn.storm,
			drawn.calm,
			1,
		);
		return [
			{ ...kept, target: "ratio ≥ 0.98", pass: median(drawn.storm) >= 0.98 * calm },
			against(
				{ bench, metric: "longest pause between two, in a storm against calm", unit: "ms" },
				longest.storm,
				longest.calm,
				1.2,
			),
		];
	} finally {
		await browser?.close();
		await building?.stop();
		await Promise.all([camera.close(), other.detach()]);
		await cable.close();
	}
}
