/** How soon a thumb's wish is on the wire: from the driver's call to the message's arrival at the far end of a serial cable. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { systemClock } from "../../../device/core/clock.ts";
import { openLink } from "../../../device/peripherals/link/openLink.ts";
import { StreamTransport } from "../../../device/peripherals/visca/StreamTransport.ts";
import { ViscaCamera } from "../../../device/peripherals/visca/ViscaCamera.ts";
import { ViscaSplitter } from "../../../device/peripherals/visca/ViscaSplitter.ts";
import { PtyPair } from "../../sim/line/PtyPair.ts";
import { atMost, percentile, type Row } from "../report.ts";
import { pause, waitFor } from "../waitFor.ts";
import type { HeardByCamera } from "./farCamera.ts";

/** More than the queue of a device takes. */
const QUESTIONS = 40;
const MOST_MS = 10;
/** A cautious camera answers between two pictures. */
const ANSWER_MS = 16;
const moves = /^81010601....(?!0303)/;
const stops = /^81010601....0303ff$/;

/** A driver, and a camera in another process. */
class Rig {
	readonly camera: ViscaCamera;
	readonly #pty: PtyPair;
	readonly #far: ChildProcess;
	#heard: HeardByCamera[] = [];

	private constructor(pty: PtyPair, far: ChildProcess) {
		this.#pty = pty;
		this.#far = far;
		far.on("message", (heard: HeardByCamera) => this.#heard.push(heard));
		const clock = systemClock;
		this.camera = new ViscaCamera({
			link: openLink({ by: "serial", path: pty.path, baudRate: 9600 }, { splitter: () => new ViscaSplitter(), clock }),
			transport: new StreamTransport({ address: 1, chain: true }),
			clock,
		});
	}

	static async start(answerMs: number): Promise<Rig> {
		const pty = await PtyPair.open();
		const far = fork(join(import.meta.dirname, "farCamera.ts"), [pty.farPath, String(answerMs)]);
		await once(far, "message");
		const rig = new Rig(pty, far);
		rig.camera.start();
		await waitFor(() => rig.camera.health.state === "ok", "the camera");
		return rig;
	}

	/** Milliseconds from `act` to the arrival of the first message that matches. */
	async arrival(wanted: RegExp, act: () => void): Promise<number> {
		this.#heard = [];
		const from = process.hrtime.bigint();
		act();
		const heard = await waitFor(() => this.#heard.find(({ hex }) => wanted.test(hex)), `a message like ${wanted}`);
		return Number(BigInt(heard.atNs) - from) / 1e6;
	}

	async stop(): Promise<void> {
		await this.camera.stop();
		this.#far.disconnect();
		await this.#pty.close();
	}
}

/** Thumbs and releases on one camera, the second time with a queue that is full of questions. */
async function thumbs(answerMs: number, n: number): Promise<{ first: number[]; stopped: number[] }> {
	const rig = await Rig.start(answerMs);
	const first: number[] = [];
	const stopped: number[] = [];
	try {
		for (let i = 0; i < n; i++) {
			const pan = i % 2 === 0 ? 0.8 : -0.8;
			first.push(await rig.arrival(moves, () => rig.camera.move({ pan, tilt: 0, zoom: 0 })));
			await pause(20 + Math.random() * 20);
			const questions = Array.from({ length: QUESTIONS }, () => rig.camera.position().catch(() => null));
			await pause(Math.random() * 10);
			stopped.push(await rig.arrival(stops, () => rig.camera.move({ pan: 0, tilt: 0, zoom: 0 })));
			await Promise.all(questions);
			await pause(20);
		}
	} finally {
		await rig.stop();
	}
	return { first, stopped };
}

export async function thumbRows(quick: boolean): Promise<Row[]> {
	const n = quick ? 50 : 300;
	const bench = "peripherals";
	const prompt = await thumbs(0, n);
	const real = await thumbs(ANSWER_MS, quick ? 20 : 100);
	const row = (metric: string, values: number[], most: number) =>
		atMost({ bench, metric, unit: "ms" }, percentile(values, 95), most, values.length);
	return [
		row("thumb → at the camera, p95", prompt.first, MOST_MS),
		row("release → stop, queue full, p95", prompt.stopped, MOST_MS),
		// one question at a time: a stop waits for the answer that is under way, and for nothing else
		row(`thumb, a camera that takes ${ANSWER_MS} ms to answer, p95`, real.first, MOST_MS + ANSWER_MS),
		row("release → stop, the same, queue full, p95", real.stopped, MOST_MS + ANSWER_MS),
	];
}
