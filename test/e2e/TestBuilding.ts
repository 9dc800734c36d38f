import { expect } from "vitest";
import type { Source } from "../../device/contract/snapshot.ts";
import { systemClock } from "../../device/core/clock.ts";
import { type MessageType, readHeader } from "../../device/meeting/jws.ts";
import { createLink, formatLink, type Link } from "../../device/meeting/link.ts";
import type { FleetCa } from "../../provisioning/service/ca/FleetCa.ts";
import { Building, type BuildingOptions, type RoomId, type RunningBuilding } from "../../tools/building/Building.ts";
import { freePortBase } from "../../tools/building/ports.ts";
import { LinkHolder, type LinkHolderOptions } from "../sim/meeting/LinkHolder.ts";
import { RendezvousInTheMiddle } from "../sim/relay/RendezvousInTheMiddle.ts";
import { PanelDriver } from "./PanelDriver.ts";

interface LogLine {
	room: RoomId;
	event: string;
	/** The fields of `LogEvents`. */
	[field: string]: unknown;
}

/** What one transport's gate let through, as the room's log says at its end. */
export interface GateReport {
	state: string;
	sent: number;
	received: number;
}

const nothing = { sent: 0, received: 0 };
const held = ({ state, flowing }: Source): boolean => state === "open" || state === "off" || flowing;

/** The first message of a type that the holder of a link was sent. */
export async function heard(holder: LinkHolder, type: MessageType): Promise<string> {
	const find = (): string | undefined => holder.heard.find((jws) => readHeader(jws).typ === type);
	await expect.poll(find).toBeDefined();
	return find() as string;
}

/** A building under attack: everybody reaches the rendezvous through somebody in the middle, and the rooms' logs are read along. */
export class TestBuilding {
	readonly building: Building;
	readonly lines: LogLine[] = [];
	readonly #panels = new Map<PanelDriver, RoomId>();
	readonly #holders: LinkHolder[] = [];
	#middle: RendezvousInTheMiddle | null = null;
	#running: RunningBuilding | null = null;
	#lastLink: Link | null = null;

	private constructor(options: Partial<BuildingOptions>, base: number) {
		this.building = new Building({
			...options,
			base,
			front: {
				...options.front,
				rendezvous: async (port) => {
					await options.front?.rendezvous?.(port);
					this.#middle = await RendezvousInTheMiddle.start(port);
					return this.#middle.origin;
				},
			},
			configure: (room, parts) => {
				// the same on every machine: no camera, microphone or screen that happens to be there
				parts.config["devices"] = { camera: "synthetic", microphone: "synthetic", speaker: "none", display: "none" };
				options.configure?.(room, parts);
			},
			onLogLine: (room, line) => this.#take(room, line),
		});
	}

	static async start(options: Partial<BuildingOptions> = {}): Promise<TestBuilding> {
		const made = new TestBuilding(options, await freePortBase());
		try {
			made.#running = await made.building.start();
		} catch (error) {
			await made.stop();
			throw error;
		}
		return made;
	}

	get running(): RunningBuilding {
		if (!this.#running) throw new Error("the building does not run");
		return this.#running;
	}

	get middle(): RendezvousInTheMiddle {
		if (!this.#middle) throw new Error("the building does not run");
		return this.#middle;
	}

	get ca(): FleetCa {
		if (!this.building.ca) throw new Error("the building does not run");
		return this.building.ca;
	}

	get caPin(): Uint8Array<ArrayBuffer> {
		return new Uint8Array(Buffer.from(this.ca.pin, "base64url"));
	}

	/** A meeting of its own, whose link is also in the hands of whoever is in the middle. */
	async meeting(): Promise<Link> {
		const link = createLink({ origin: this.running.rendezvous, caPin: this.caPin });
		await this.middle.hold(link);
		this.#lastLink = link;
		return link;
	}

	/** Of the newest meeting. */
	get lastLink(): Link {
		if (!this.#lastLink) throw new Error("there was no meeting yet");
		return this.#lastLink;
	}

	async panel(room: RoomId): Promise<PanelDriver> {
		const panel = await PanelDriver.connect(this.running.rooms[room]);
		this.#panels.set(panel, room);
		return panel;
	}

	/** Berlin (or whose panel is given) is alone in a new meeting. */
	async roomAlone(panel: PanelDriver): Promise<Link> {
		const link = await this.meeting();
		expect(await panel.touch({ type: "panel.join_link", link: formatLink(link) })).toBe("ack");
		await panel.untilScreen("alone");
		return link;
	}

	/** Somebody who holds the link and says what a test wants; resolves once both are there. */
	async holder(link: Link, options: Partial<LinkHolderOptions> = {}): Promise<LinkHolder> {
		const trust = { caPin: link.caPin, isRevoked: () => false };
		const holder = await LinkHolder.join({ link, clock: systemClock, trust, ...options });
		this.#holders.push(holder);
		await expect.poll(() => holder.ready).toBe(true);
		return holder;
	}

	/** The number of log lines so far, to look only at what comes after. */
	get mark(): number {
		return this.lines.length;
	}

	gates(room: RoomId, since = 0): GateReport[] {
		return this.lines
			.slice(since)
			.filter((line) => line.room === room && line.event === "call.gate")
			.map(({ state, sent, received }) => ({ state: String(state), sent: Number(sent), received: Number(received) }));
	}

	/**
	 * The end that every security failure must have at a room: the code on the panel, sources closed, and no gate of the call, of
	 * which there was at least one, let a single buffer through.
	 */
	async refused(panel: PanelDriver, code: string, since: number, room: RoomId = "berlin"): Promise<void> {
		const ended = await panel.untilScreen("ended");
		expect(ended).toMatchObject({ failure: code, end: null, seconds: 0 });
		expect(panel.history).not.toContain("connected");
		await panel.until(
			({ media }) => media.camera.state === "closed" && media.microphone.state === "closed",
			"closed sources",
		);
		await expect.poll(() => this.gates(room, since).length).toBeGreaterThan(0);
		for (const gate of this.gates(room, since)) expect(gate).toMatchObject(nothing);
	}

	/** Process id of the room's engine that runs now. */
	enginePid(room: RoomId): number {
		const started = this.lines.filter((line) => line.room === room && line.event === "engine.started").at(-1);
		if (!started) throw new Error(`no engine of ${room} has started`);
		return Number(started["pid"]);
	}

	/** Between two tests: nobody in a meeting, nothing altered, and all that the rooms had to say of the last one is read. */
	async clear(): Promise<void> {
		for (const holder of this.#holders.splice(0)) holder.close();
		if (this.#middle) this.#middle.tamper = (jws) => [jws];
		for (const [panel, room] of this.#panels) {
			if (!panel.open) continue;
			await panel.rest();
			// the engine says so after it has answered what its gates let through
			await panel.until(({ media }) => !held(media.camera) && !held(media.microphone), "closed sources");
			panel.history.length = 0;
			await this.#fence(room);
		}
	}

	/** Resolves when every line that the room has logged until now is read: a line that is asked for comes after them. */
	async #fence(room: RoomId): Promise<void> {
		const opened = () =>
			this.lines.filter((line) => line.room === room && line.event === "panel.connection" && line["state"] === "open")
				.length;
		const before = opened();
		const panel = await PanelDriver.connect(this.running.rooms[room]);
		await expect.poll(opened).toBeGreaterThan(before);
		panel.close();
	}

	/** As `clear`, and the panels are gone: the next ones come with as many touches as a panel may make in quick succession. */
	async clearAndClosePanels(): Promise<void> {
		await this.clear();
		for (const panel of this.#panels.keys()) panel.close();
		this.#panels.clear();
	}

	async stop(): Promise<void> {
		for (const holder of this.#holders) holder.close();
		for (const panel of this.#panels.keys()) panel.close();
		await this.building.stop();
		await this.#middle?.stop();
	}

	#take(room: RoomId, text: string): void {
		try {
			this.lines.push({ ...(JSON.parse(text) as LogLine), room });
		} catch {
			// what GStreamer or Node themselves write is no line of the log
		}
	}
}
