import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { PanelDriver } from "../../test/e2e/PanelDriver.ts";
import { Program } from "./Program.ts";

export interface DeviceOptions {
	/** Its folder, made by it: configuration, sockets, state. */
	folder: string;
	serial: string;
	/** Of its panel. */
	port: number;
	/** The fleet's listener for devices that are nobody's, and where people make codes for them. */
	bootstrapUrl: string;
	enrolUrl: string;
	/** Which cameras and so on; absent: what is there. */
	devices?: Record<string, unknown> | undefined;
	/** What it drives; absent: nothing. A far end can be let turn its camera. */
	peripherals?: Record<string, unknown> | undefined;
	log?: "quiet" | "all" | undefined;
	onLogLine?: ((line: string) => void) | undefined;
	onGone: () => void;
}

/** An appliance on this machine: an agent and a room program, each a process of its own, with nothing but a serial number at first. */
export class Device {
	readonly url: string;
	readonly calendar: string;
	readonly #options: DeviceOptions;
	readonly #agent: Program;
	readonly #room: Program;

	constructor(options: DeviceOptions) {
		this.#options = options;
		const { folder, port, log, onLogLine, onGone } = options;
		this.url = `http://127.0.0.1:${port}`;
		this.calendar = join(folder, "today.ics");
		const shared = { folder, log, onLogLine, onGone };
		this.#agent = new Program({ entry: "provisioning/agent/main.ts", config: join(folder, "agent.yaml"), ...shared });
		this.#room = new Program({ entry: "device/main.ts", config: join(folder, "room.yaml"), ...shared });
	}

	/** Process ids, -1 while one doesn't run. */
	get pids(): { agent: number; room: number } {
		return { agent: this.#agent.pid, room: this.#room.pid };
	}

	/** Resolves when its panel can be used: it takes a code. */
	async start(): Promise<void> {
		const { folder, serial, port, bootstrapUrl, enrolUrl, devices, peripherals } = this.#options;
		await mkdir(folder, { mode: 0o700 });
		const socket = join(folder, "agent.sock");
		const agent = {
			stateFolder: join(folder, "agent"),
			socket,
			bootstrap: { url: bootstrapUrl, enrolUrl },
			facts: { model: "InCamera, simulated", serial },
			firmware: "simulated",
		};
		const room = {
			panel: { host: "127.0.0.1", port },
			agent: socket,
			calendar: { ics: this.calendar },
			...(devices ? { devices } : {}),
			...(peripherals ? { peripherals, farControl: "ask" } : {}),
			state: join(folder, "state"),
		};
		const write = (name: string, content: object) => writeFile(join(folder, name), stringify(content), { mode: 0o600 });
		await Promise.all([write("agent.yaml", agent), write("room.yaml", room)]);
		await Promise.all([this.#agent.start(), this.#room.start()]);
	}

	/** Types a code at its panel, as a person would; resolves when the room can be called from there. */
	async enrol(code: string): Promise<void> {
		const panel = await PanelDriver.connect(this.url);
		try {
			await panel.until(({ can }) => can.enrol, "a panel that takes a code");
			await panel.touch({ type: "panel.enrol", code });
			await panel.until(({ screen, can }) => screen.name === "resting" && can.meetNow, "a room in service");
		} finally {
			panel.close();
		}
	}

	async stop(): Promise<void> {
		// the room first: its agent tells how it ended
		await this.#room.stop();
		await this.#agent.stop();
	}
}
