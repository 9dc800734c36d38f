import { type ChildProcess, spawn } from "node:child_process";
import type { Clock } from "../../core/clock.ts";
import { RoomError } from "../../core/RoomError.ts";
import { fault } from "../display/refusals.ts";
import type { LinkCounters } from "../link/FrameLink.ts";
import type { CecBus, CecMessage, CecTransmission } from "./CecBus.ts";
import { isUnconfigured, parsePhysicalAddress, parseTransmissions, whyNotOpened } from "./cecCtlOutput.ts";

export interface CecCtlOptions {
	/** The kernel's device of the HDMI output, such as /dev/cec0. */
	device: string;
	clock: Clock;
	/** Default: `cec-ctl`, as Debian's v4l-utils installs it. */
	binary?: string;
}

/** An answer may take a second on the line, a message that nobody takes is tried for half of one. */
const MESSAGE_MS = 1500;
const START_MS = 4000;
/** What we ask for is answered in some hundred characters a message. */
const MOST_OUTPUT_BYTES = 64 * 1024;

/** Nothing of ours, and in English, whatever the room speaks: its words are read. */
const environment = { PATH: "/usr/local/bin:/usr/bin:/bin", LC_ALL: "C" };

interface Ended {
	readonly output: string;
	readonly errors: string;
	/** Null: it was ended by a signal. */
	readonly code: number | null;
}

/** The HDMI line, through a child process of cec-ctl for each exchange: one that hangs, or says too much, is killed. */
export class CecCtl implements CecBus {
	readonly counters: LinkCounters = {
		framesIn: 0,
		framesOut: 0,
		bytesIn: 0,
		bytesOut: 0,
		badBytes: 0,
		opened: 0,
		timeouts: 0,
	};
	readonly #device: string;
	readonly #clock: Clock;
	readonly #binary: string;
	#child: ChildProcess | null = null;
	#closed = false;

	constructor({ device, clock, binary = "cec-ctl" }: CecCtlOptions) {
		this.#device = device;
		this.#clock = clock;
		this.#binary = binary;
	}

	async claim(name: string): Promise<number | null> {
		const { output } = await this.#run(["--playback", "--osd-name", name], START_MS);
		const address = parsePhysicalAddress(output);
		if (address !== null) this.counters.opened += 1;
		return address;
	}

	async send(messages: readonly CecMessage[]): Promise<CecTransmission[] | null> {
		const words = messages.flatMap((message) => ["--to", String(message.to), ...message.words]);
		const longest = START_MS + messages.length * MESSAGE_MS;
		const { output, errors } = await this.#run(["--skip-info", "--show-raw", ...words], longest);
		if (isUnconfigured(errors)) return null;
		const transmissions = parseTransmissions(output);
		if (transmissions.length !== messages.length) {
			this.counters.badBytes += output.length;
			throw fault("cec-ctl says something else than it was asked");
		}
		this.counters.framesOut += messages.length;
		this.counters.framesIn += transmissions.filter(({ reply }) => reply).length;
		this.counters.timeouts += transmissions.filter(({ acknowledged }) => !acknowledged).length;
		return transmissions;
	}

	close(): void {
		this.#closed = true;
		this.#child?.kill("SIGKILL");
	}

	async #run(words: readonly string[], timeoutMs: number): Promise<Ended> {
		if (this.#closed) throw new RoomError("link.lost", "the HDMI line is no longer used");
		const ended = await this.#spawned(["--device", this.#device, ...words], timeoutMs);
		this.counters.bytesIn += ended.output.length;
		if (ended.code === 0) return ended;
		const failure = whyNotOpened(ended.errors);
		if (failure) throw new RoomError(failure, "the HDMI output's CEC device can't be opened");
		throw fault("cec-ctl ended with an error");
	}

	#spawned(words: readonly string[], timeoutMs: number): Promise<Ended> {
		return new Promise((resolve, reject) => {
			const child = spawn(this.#binary, words, { env: environment, stdio: ["ignore", "pipe", "pipe"] });
			this.#child = child;
			const said = { output: "", errors: "" };
			const settle = (how: () => void): void => {
				cancelTimer();
				if (this.#child === child) this.#child = null;
				how();
			};
			const stop = (error: RoomError): void => {
				child.kill("SIGKILL");
				// Something that it started may hold its ends open.
				child.stdout.destroy();
				child.stderr.destroy();
				settle(() => reject(error));
			};
			const cancelTimer = this.#clock.after(timeoutMs, () => {
				this.counters.timeouts += 1;
				stop(new RoomError("peripheral.timeout", "cec-ctl did not end in time"));
			});
			const hear = (where: keyof typeof said) => (bytes: Buffer) => {
				said[where] += bytes.toString("latin1");
				if (said[where].length <= MOST_OUTPUT_BYTES) return;
				this.counters.badBytes += said[where].length;
				stop(fault("cec-ctl says too much"));
			};
			child.stdout.on("data", hear("output"));
			child.stderr.on("data", hear("errors"));
			child.on("error", (cause) => settle(() => reject(notStarted(cause))));
			child.on("close", (code) => settle(() => resolve({ ...said, code })));
		});
	}
}

const notStarted = (cause: Error): RoomError =>
	new RoomError("peripheral.tool_missing", "cec-ctl is missing or can't be run: install Debian's package v4l-utils", {
		cause,
	});
