import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Two ends of a serial cable, each a port with a path: what is written into one comes out of the other. Speed means nothing on it.
 * It can be pulled out, and its paths are gone, as those of an adapter that is unplugged; plugged in again it has the same paths.
 */
export class PtyPair {
	readonly #folder: string;
	#socat: ChildProcess | null = null;

	private constructor(folder: string) {
		this.#folder = folder;
	}

	static async open(): Promise<PtyPair> {
		const pair = new PtyPair(await mkdtemp(join(tmpdir(), "incamera-pty-")));
		await pair.replug();
		return pair;
	}

	/** The end that the room's program opens. */
	get path(): string {
		return join(this.#folder, "room");
	}

	/** The end that a simulated device opens. */
	get farPath(): string {
		return join(this.#folder, "device");
	}

	/** Pulls it out: both paths are gone, and whoever has them open has nothing. */
	async unplug(): Promise<void> {
		const socat = this.#socat;
		this.#socat = null;
		if (!socat || socat.exitCode !== null || socat.signalCode !== null) return;
		const gone = once(socat, "exit");
		socat.kill();
		await gone;
	}

	async replug(): Promise<void> {
		const end = (path: string) => `pty,raw,echo=0,link=${path}`;
		// setpriv: a test that is killed leaves no socat behind
		const args = ["--pdeathsig=KILL", "--", "socat", end(this.path), end(this.farPath)];
		const socat = spawn("setpriv", args, { stdio: ["ignore", "ignore", "pipe"] });
		this.#socat = socat;
		let said = "";
		socat.stderr.on("data", (bytes: Buffer) => {
			said += bytes;
		});
		while (!existsSync(this.path) || !existsSync(this.farPath)) {
			if (socat.exitCode !== null) throw new Error(`socat ended: ${said}`);
			await new Promise((resolve) => setTimeout(resolve, 5));
		}
	}

	async close(): Promise<void> {
		await this.unplug();
		await rm(this.#folder, { recursive: true, force: true });
	}
}
