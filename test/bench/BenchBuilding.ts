import { Building, type BuildingOptions, type RoomId, type RunningBuilding } from "../../tools/building/Building.ts";
import { freePortBase } from "../../tools/building/ports.ts";
import { PanelDriver } from "../e2e/PanelDriver.ts";
import { waitFor } from "./waitFor.ts";

/** A line of a room's log. */
interface LogLine {
	room: RoomId;
	event: string;
	/** The fields of `LogEvents`. */
	[field: string]: unknown;
}

/** A building of its own for a bench: its rooms' logs can be waited for, its panels are driven without a screen. */
export class BenchBuilding {
	readonly building: Building;
	readonly #lines: LogLine[] = [];
	readonly #panels: PanelDriver[] = [];
	#running: RunningBuilding | null = null;

	private constructor(options: Partial<BuildingOptions>, base: number) {
		this.building = new Building({
			...options,
			base,
			configure: (room, parts) => {
				// the same on every machine: no camera, microphone or screen that happens to be there
				parts.config["devices"] = { camera: "synthetic", microphone: "synthetic", speaker: "none", display: "none" };
				options.configure?.(room, parts);
			},
			onLogLine: (room, line) => this.#take(room, line),
		});
	}

	static async start(options: Partial<BuildingOptions> = {}): Promise<BenchBuilding> {
		const bench = new BenchBuilding(options, await freePortBase());
		try {
			bench.#running = await bench.building.start();
		} catch (error) {
			await bench.stop();
			throw error;
		}
		return bench;
	}

	get running(): RunningBuilding {
		if (!this.#running) throw new Error("the building does not run");
		return this.#running;
	}

	async panel(room: RoomId): Promise<PanelDriver> {
		const panel = await PanelDriver.connect(this.running.rooms[room]);
		this.#panels.push(panel);
		return panel;
	}

	/** Moment (epoch ms) of the first decoded far-end picture after `sinceMs`, as the room's engine took it. */
	async firstPicture(room: RoomId, sinceMs: number, timeoutMs = 30_000): Promise<number> {
		const line = await waitFor(
			() =>
				this.#lines.find(
					(line) => line.room === room && line.event === "call.first_picture" && Number(line["atMs"]) >= sinceMs,
				),
			`a far-end picture in ${room}`,
			timeoutMs,
		);
		return Number(line["atMs"]);
	}

	/** Whether the path was built anew after a moment (epoch ms), instead of having held. */
	rebuilt(room: RoomId, sinceMs: number): boolean {
		return this.#lines.some(
			(line) => line.room === room && line.event === "call.first_picture" && Number(line["atMs"]) >= sinceMs,
		);
	}

	/** Process id of the room's engine that runs now. */
	enginePid(room: RoomId): number {
		const started = this.#lines.filter((line) => line.room === room && line.event === "engine.started").at(-1);
		if (!started) throw new Error(`no engine of ${room} has started`);
		return Number(started["pid"]);
	}

	/** Berlin rings München, who answers with the camera on; resolves when both are connected and both saw a picture. */
	async callRoomToRoom(berlin: PanelDriver, muenchen: PanelDriver): Promise<void> {
		await berlin.until(({ can }) => can.call, "that rooms can be called");
		await berlin.until(({ directory }) => directory[0]?.online === true, "München online");
		const sinceMs = Date.now();
		const answer = await berlin.touch({ type: "panel.call", room: "room-muenchen" });
		if (answer !== "ack") throw new Error(`the call was refused: ${answer}`);
		await muenchen.untilScreen("ringing-in");
		await muenchen.touch({ type: "panel.answer", camera: true });
		await Promise.all([berlin.untilPhase("connected"), muenchen.untilPhase("connected")]);
		await Promise.all([this.firstPicture("berlin", sinceMs), this.firstPicture("muenchen", sinceMs)]);
	}

	async stop(): Promise<void> {
		for (const panel of this.#panels.splice(0)) panel.close();
		await this.building.stop();
	}

	#take(room: RoomId, text: string): void {
		try {
			this.#lines.push({ ...(JSON.parse(text) as LogLine), room });
		} catch {
			// what GStreamer or Node themselves write is no line of the log
		}
	}
}
