/** A panel without a screen: speaks the panel's socket as the page does, for tests and benches that need no pixels of it. */
import { WebSocket } from "ws";
import type { DeviceFrame } from "../../device/contract/deviceFrame.ts";
import type { Intent } from "../../device/contract/intents.ts";
import type { Screen, ScreenName, Snapshot } from "../../device/contract/snapshot.ts";

export class PanelDriver {
	readonly #socket: WebSocket;
	readonly #watchers = new Set<() => void>();
	#snapshot: Snapshot | null = null;
	#nextId = 1;
	readonly #answers = new Map<number, (answer: string | Error) => void>();
	#closed: Error | null = null;
	/** Every screen (a call's phase for a call) since the driver connected, in order. */
	readonly history: string[] = [];
	levels = { microphone: 0, far: 0 };
	loudestFar = 0;
	/** The far end's last ten levels: one second. */
	readonly lastFar: number[] = [];

	private constructor(socket: WebSocket) {
		this.#socket = socket;
		socket.on("message", (data) => this.#frame(JSON.parse(String(data)) as DeviceFrame));
		socket.on("error", () => {});
		socket.on("close", (code) => {
			this.#closed = new Error(`the panel's connection was closed (${code}); it was ${this.history}`);
			for (const answer of this.#answers.values()) answer(this.#closed);
			for (const watcher of [...this.#watchers]) watcher();
		});
	}

	static async connect(url: string): Promise<PanelDriver> {
		const socket = new WebSocket(`${url.replace("http", "ws")}/panel`, { origin: url });
		const driver = new PanelDriver(socket);
		await driver.until(() => true, "a first snapshot");
		return driver;
	}

	#frame(frame: DeviceFrame): void {
		switch (frame.t) {
			case "snapshot": {
				this.#snapshot = frame.snapshot;
				const { screen } = frame.snapshot;
				const name = screen.name === "call" ? screen.phase : screen.name;
				if (this.history.at(-1) !== name) this.history.push(name);
				for (const watcher of [...this.#watchers]) watcher();
				break;
			}
			case "levels":
				this.levels = frame;
				this.loudestFar = Math.max(this.loudestFar, frame.far);
				this.lastFar.push(frame.far);
				if (this.lastFar.length > 10) this.lastFar.shift();
				for (const watcher of [...this.#watchers]) watcher();
				break;
			case "ping":
				this.#socket.send(JSON.stringify({ t: "pong" }));
				break;
			case "ack":
				this.#answers.get(frame.id)?.("ack");
				break;
			case "refused":
				this.#answers.get(frame.id)?.(frame.code);
		}
	}

	/** False once the socket is closed, by either side. */
	get open(): boolean {
		return this.#socket.readyState === WebSocket.OPEN;
	}

	get snapshot(): Snapshot {
		if (!this.#snapshot) throw new Error("no snapshot yet");
		return this.#snapshot;
	}

	/** Touches; resolves with what the room answers: `ack` or a code. Rejects where the connection is closed, by either side. */
	touch(intent: Intent): Promise<string> {
		const id = this.#nextId++;
		return new Promise((resolve, reject) => {
			if (this.#closed) return reject(this.#closed);
			this.#answers.set(id, (answer) => (answer instanceof Error ? reject(answer) : resolve(answer)));
			this.#socket.send(JSON.stringify({ t: "intent", id, intent }));
		});
	}

	/** Touches Join of the first entry that can be joined. */
	async join(): Promise<void> {
		const entry = this.snapshot.agenda.entries.find(({ join }) => join);
		if (!entry) throw new Error("nothing to join");
		await this.touch({ type: "panel.join", entry: entry.id });
	}

	/** Waits until `condition` holds for a snapshot (or new levels). */
	until(condition: (snapshot: Snapshot) => boolean, what = "a condition", timeoutMs = 30_000): Promise<Snapshot> {
		return new Promise((resolve, reject) => {
			const look = () => {
				const held = this.#snapshot !== null && condition(this.#snapshot);
				if (!held && !this.#closed) return;
				clearTimeout(timer);
				this.#watchers.delete(look);
				if (held) resolve(this.snapshot);
				else reject(new Error(`waited for ${what}`, { cause: this.#closed }));
			};
			const timer = setTimeout(() => {
				this.#watchers.delete(look);
				reject(
					new Error(
						`waited for ${what}; the panel shows ${JSON.stringify(this.#snapshot?.screen)}, was ${this.history}`,
					),
				);
			}, timeoutMs);
			this.#watchers.add(look);
			look();
		});
	}

	async untilScreen<N extends ScreenName>(name: N): Promise<Extract<Screen, { name: N }>> {
		const { screen } = await this.until(({ screen }) => screen.name === name, `screen ${name}`);
		return screen as Extract<Screen, { name: N }>;
	}

	async untilPhase(phase: "securing" | "connected" | "recovering"): Promise<Extract<Screen, { name: "call" }>> {
		const { screen } = await this.until(
			({ screen }) => screen.name === "call" && screen.phase === phase,
			`a call that is ${phase}`,
		);
		return screen as Extract<Screen, { name: "call" }>;
	}

	/** Leaves, declines or dismisses whatever is on, until the room is at rest. */
	async rest(): Promise<void> {
		for (;;) {
			const { can, screen } = this.snapshot;
			if (screen.name === "resting") break;
			const { rev } = this.snapshot;
			if (can.leave) await this.touch({ type: "panel.leave" });
			else if (can.cancel) await this.touch({ type: "panel.cancel" });
			else if (can.answer) await this.touch({ type: "panel.decline" });
			else if (can.dismiss) await this.touch({ type: "panel.dismiss" });
			await this.until((snapshot) => snapshot.rev > rev, "something to change");
		}
		this.loudestFar = 0;
	}

	close(): void {
		this.#socket.terminate();
	}
}
