import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../../device/core/clock.ts";
import { silentLog } from "../../../device/core/log.ts";
import { caPinOf } from "../../../device/meeting/certificates.ts";
import { runRing } from "../../../device/program/runRing.ts";
import { RoomRinger } from "../../../device/ringing/RoomRinger.ts";
import { Room } from "../../../device/room/Room.ts";
import { type Credentials, type FleetCa, openCa } from "../../../provisioning/service/ca/FleetCa.ts";
import { RingBus } from "../../sim/broker/RingBus.ts";
import { SimulatedEngine } from "../room/RoomBench.ts";

const ids = ["room-bonn", "room-ulm"] as const;
type Id = (typeof ids)[number];

/** A whole room without meetings: its machine over its ringer. `link`: of the meeting that it is in, or on its way to. */
interface RingingRoom {
	room: Room;
	ringer: RoomRinger;
	link: string | null;
	/** Names of its screens, in order; how a call or a ring ended is one, too. */
	seen: string[];
}

let folder: string;
let ca: FleetCa;
const credentials = {} as Record<Id, Credentials>;
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "incamera-crossing-test-"));
	ca = await openCa(join(folder, "ca"), { development: true });
	for (const id of ids) credentials[id] = await ca.issueDevice(id);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function ringingRoom(id: Id, bus: RingBus): Promise<RingingRoom> {
	const caPin = await caPinOf(ca.certificate);
	const other = id === "room-bonn" ? "room-ulm" : "room-bonn";
	const ringer = await RoomRinger.create({
		deviceId: id,
		line: bus.line(id),
		identity: credentials[id],
		trust: { caPin, isRevoked: () => false },
		rooms: [{ id: other, name: other }],
	});
	const room = new Room(
		{
			name: id,
			seats: null,
			timeZone: "UTC",
			locale: "en",
			volume: 50,
			directory: [{ id: other, name: other }],
		},
		{
			session: ({ link }) => {
				made.link = link;
				return {
					tell() {},
					stop() {
						made.link = null;
					},
				};
			},
			ring: (input, say) => runRing(input, say, { ringer, rendezvous: "https://rooms.example", caPin }),
			effects: { answerRing: (ring, answer) => void ringer.answer(ring, answer), turnByFar() {}, restartEngine() {} },
			media: new SimulatedEngine(),
			log: silentLog,
			clock: systemClock,
			broken() {},
		},
	);
	const made: RingingRoom = { room, ringer, link: null, seen: [] };
	room.onSnapshot(() => {
		const { screen } = room.snapshot();
		const name = screen.name === "ended" ? `ended ${screen.failure ?? screen.end}` : screen.name;
		if (made.seen.at(-1) !== name) made.seen.push(name);
	});
	ringer.events.on("broker.up", () => room.tell({ type: "broker.up" }));
	ringer.events.on("presence.changed", (change) => room.tell({ type: "presence.changed", ...change }));
	ringer.events.on("ring.incoming", ({ from, ...ring }) => room.tell({ type: "ring.incoming", from, ...ring }));
	ringer.events.on("ring.cancelled", ({ ring }) => room.tell({ type: "ring.cancelled", ring }));
	room.start();
	room.tell({ type: "engine.up" });
	ringer.start();
	return made;
}

/** Two rooms on a bus whose frames the test hands over. */
class Building {
	readonly bus = new RingBus();
	readonly rooms = {} as Record<Id, RingingRoom>;

	static async open(): Promise<Building> {
		const building = new Building();
		for (const id of ids) building.rooms[id] = await ringingRoom(id, building.bus);
		await expect.poll(() => ids.every((id) => building.rooms[id].room.snapshot().can.call)).toBe(true);
		return building;
	}

	call(id: Id): void {
		this.rooms[id].room.intent({ type: "panel.call", room: id === "room-bonn" ? "room-ulm" : "room-bonn" });
	}

	/** Hands over all that is on its way until nothing is for a while, and the condition holds. */
	async untilSettled(condition: () => boolean): Promise<void> {
		const limit = AbortSignal.timeout(20_000);
		for (let quiet = 0; quiet < 10 || !condition(); ) {
			if (limit.aborted) throw new Error(`settled at ${this.screens}`);
			const delivered = ids.map((id) => this.bus.deliver(id));
			quiet = delivered.includes(true) ? 0 : quiet + 1;
			await new Promise((resolve) => setTimeout(resolve, 2));
		}
	}

	/** Both are on their way into the same meeting. */
	get met(): boolean {
		const { [ids[0]]: a, [ids[1]]: b } = this.rooms;
		return this.screens.join() === "joining,joining" && a.link !== null && a.link === b.link;
	}

	get screens(): string[] {
		return ids.map((id) => this.rooms[id].room.snapshot().screen.name);
	}

	async close(): Promise<void> {
		for (const { room, ringer } of Object.values(this.rooms)) {
			await room.stop();
			await ringer.close();
		}
	}
}

async function inBuilding(story: (building: Building) => Promise<void>): Promise<void> {
	const building = await Building.open();
	try {
		await story(building);
	} finally {
		await building.close();
	}
}

/** A touch in one of the rooms, a frame that arrives there, or a moment that passes. */
type Step = { room: Id; what: "call" | "cancel" | "answer" | "arrives" } | { what: "turns"; turns: number };
const step = (...touches: Exclude<Step, { what: "turns" }>["what"][]): fc.Arbitrary<Step> =>
	fc.oneof(
		fc.record({ room: fc.constantFrom(...ids), what: fc.constantFrom(...touches) }),
		fc.record({ what: fc.constant("turns" as const), turns: fc.integer({ min: 1, max: 40 }) }),
	);

async function play(building: Building, steps: readonly Step[]): Promise<void> {
	for (const step of steps) {
		if (step.what === "turns") {
			for (let turn = 0; turn < step.turns; turn++) await new Promise((resolve) => setImmediate(resolve));
			continue;
		}
		const { room } = building.rooms[step.room];
		if (step.what === "call") building.call(step.room);
		else if (step.what === "cancel") room.intent({ type: "panel.cancel" });
		else if (step.what === "answer") room.intent({ type: "panel.answer", camera: true });
		else building.bus.deliver(step.room);
	}
}

describe("two rooms that ring each other", { timeout: 120_000 }, () => {
	test.each([[ids], [ids.toReversed()]])(
		"at the same moment, %j, are in one call, and nobody is asked",
		async (order) => {
			await inBuilding(async (building) => {
				for (const id of order) building.call(id);
				await building.untilSettled(() => building.met);
				for (const id of ids) expect(building.rooms[id].seen).toEqual(["resting", "ringing-out", "joining"]);
			});
		},
	);

	test("are in one call whatever arrives when, and neither hears busy", async () => {
		await fc.assert(
			fc.asyncProperty(fc.array(step("call", "arrives"), { maxLength: 12 }), async (steps) => {
				await inBuilding(async (building) => {
					await play(building, [...steps, ...ids.map((room): Step => ({ room, what: "call" }))]);
					// who was rung before the own touch can only answer
					await building.untilSettled(() => {
						for (const { room } of Object.values(building.rooms)) room.intent({ type: "panel.answer", camera: true });
						return building.met;
					});
					for (const id of ids) expect(building.rooms[id].seen.join()).not.toContain("ended");
				});
			}),
			{ numRuns: 40 },
		);
	});

	test("and take back or answer at any moment: nothing rings for nobody", async () => {
		await fc.assert(
			fc.asyncProperty(fc.array(step("call", "cancel", "answer", "arrives"), { maxLength: 16 }), async (steps) => {
				await inBuilding(async (building) => {
					await play(building, steps);
					await building.untilSettled(() => {
						const [a, b] = building.screens;
						return (a === "ringing-in") === (b === "ringing-out") && (b === "ringing-in") === (a === "ringing-out");
					});
				});
			}),
			{ numRuns: 40 },
		);
	});
});
