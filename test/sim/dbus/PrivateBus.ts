import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A dbus-daemon of one's own: checks each message, as the system's does. */
export class PrivateBus {
	readonly address: string;
	readonly #folder: string;
	readonly #daemon: ChildProcess;

	private constructor(folder: string, address: string, daemon: ChildProcess) {
		this.#folder = folder;
		this.address = address;
		this.#daemon = daemon;
	}

	static async start(): Promise<PrivateBus> {
		const folder = await mkdtemp(join(tmpdir(), "incamera-bus-"));
		const config = join(folder, "bus.conf");
		await writeFile(
			config,
			`<busconfig><type>system</type><listen>unix:path=${folder}/socket</listen><auth>EXTERNAL</auth>
			<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*" eavesdrop="true"/><allow receive_sender="*"/></policy>
			</busconfig>`,
		);
		const daemon = spawn("dbus-daemon", [`--config-file=${config}`, "--nofork", "--print-address"], {
			stdio: ["ignore", "pipe", "ignore"],
		});
		const [address] = await once(createInterface({ input: daemon.stdout as NodeJS.ReadableStream }), "line");
		return new PrivateBus(folder, String(address), daemon);
	}

	get socket(): string {
		return join(this.#folder, "socket");
	}

	async stop(): Promise<void> {
		const ended = once(this.#daemon, "exit");
		this.#daemon.kill();
		await ended;
		await rm(this.#folder, { recursive: true, force: true });
	}
}
