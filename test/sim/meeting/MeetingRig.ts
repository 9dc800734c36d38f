import { setTimeout } from "node:timers/promises";
import { ManualClock } from "../../../device/core/clock.ts";
import { createGuestIdentity, type OwnIdentity, type Trust } from "../../../device/meeting/identity.ts";
import { createLink, type Link } from "../../../device/meeting/link.ts";
import { Meeting, type MeetingEvents, type MeetingOptions } from "../../../device/meeting/Meeting.ts";
import { RelaySimulator } from "../relay/RelaySimulator.ts";
import { LinkHolder, type LinkHolderOptions } from "./LinkHolder.ts";
import { type Flavour, SimulatedNetwork } from "./SimulatedPeer.ts";
import { TestFleet } from "./TestFleet.ts";

type Told = { [E in keyof MeetingEvents]: { event: E; payload: MeetingEvents[E] } }[keyof MeetingEvents];

/** One member under test, and all that its meeting told. */
export class Seat {
	readonly meeting: Meeting;
	readonly told: Told[] = [];

	constructor(meeting: Meeting) {
		this.meeting = meeting;
		const events: (keyof MeetingEvents)[] = [
			"rendezvous",
			"alone",
			"securing",
			"connected",
			"security",
			"farMedia",
			"farTurn",
			"recovering",
			"ended",
			"failed",
		];
		for (const event of events) meeting.events.on(event, (payload) => this.told.push({ event, payload } as Told));
	}

	/** Every payload of one event so far. */
	all<E extends keyof MeetingEvents>(event: E): MeetingEvents[E][] {
		return this.told.filter((told) => told.event === event).map((told) => told.payload as MeetingEvents[E]);
	}

	last<E extends keyof MeetingEvents>(event: E): MeetingEvents[E] {
		const payload = this.all(event).at(-1);
		if (payload === undefined && !this.has(event)) throw new Error(`was never told ${event}`);
		return payload as MeetingEvents[E];
	}

	has(event: keyof MeetingEvents): boolean {
		return this.told.some((told) => told.event === event);
	}

	/** Names only, in order. */
	get story(): string[] {
		return this.told.map(({ event }) => event);
	}
}

export interface SeatOptions extends Partial<Omit<MeetingOptions, "identity" | "trust">> {
	flavour?: Flavour;
	relay?: RelaySimulator;
	trust?: Trust;
	network?: SimulatedNetwork;
}

/** Meetings on a real relay with simulated peers and a clock that the test moves. */
export class MeetingRig {
	readonly clock = new ManualClock(Date.UTC(2026, 10, 23, 9));
	readonly network = new SimulatedNetwork(this.clock);
	readonly relay: RelaySimulator;
	readonly fleet: TestFleet;
	readonly link: Link;
	readonly #seats: Seat[] = [];
	readonly #holders: LinkHolder[] = [];

	private constructor(relay: RelaySimulator, fleet: TestFleet) {
		this.relay = relay;
		this.fleet = fleet;
		this.link = createLink({ origin: relay.origin, caPin: fleet.pin });
	}

	static async create(): Promise<MeetingRig> {
		const relay = await RelaySimulator.start();
		return new MeetingRig(relay, await TestFleet.found(Date.UTC(2026, 10, 23, 9)));
	}

	async guest(options: SeatOptions = {}): Promise<Seat> {
		return this.seat(await createGuestIdentity(), { name: "Ada", flavour: "chromium", prepare: true, ...options });
	}

	async room(options: SeatOptions = {}): Promise<Seat> {
		return this.seat(await this.fleet.room({ name: "CN=room-7" }), { name: "Berlin", prepare: true, ...options });
	}

	seat(identity: OwnIdentity, options: SeatOptions = {}): Seat {
		const { flavour = "webrtcbin", network = this.network, relay, ...rest } = options;
		const link = relay ? { ...this.link, origin: relay.origin } : this.link;
		const seat = new Seat(
			new Meeting({
				link,
				identity,
				name: "Somebody",
				trust: this.fleet.trust,
				createPeer: network.factory(flavour),
				media: { microphone: true, camera: true },
				clock: this.clock,
				random: () => 0.5,
				...rest,
			}),
		);
		this.#seats.push(seat);
		seat.meeting.start();
		return seat;
	}

	/** A room that is alone, then a guest, connected. */
	async call(): Promise<{ room: Seat; guest: Seat }> {
		const room = await this.room();
		await this.until(() => room.has("alone"));
		const guest = await this.guest();
		await this.until(() => room.has("connected") && guest.has("connected"));
		return { room, guest };
	}

	/** Waits, with the clock standing still, for a condition that sockets bring about. */
	async until(condition: () => boolean, otherwise = "the condition did not come about"): Promise<void> {
		const limit = AbortSignal.timeout(20_000);
		while (!condition()) {
			if (limit.aborted) throw new Error(otherwise);
			await setTimeout(1);
		}
	}

	/**
	 * Moves the clock in small steps, with the sockets keeping up, until the condition holds; fails after `mostMs` of the clock, on which
	 * a busy machine's sockets may still be catching up.
	 */
	async advanceUntil(condition: () => boolean, mostMs = 120_000, stepMs = 250): Promise<void> {
		for (let moved = 0; !condition(); moved += stepMs) {
			if (moved > mostMs) return this.until(condition, `not within ${mostMs} ms of the clock`);
			this.clock.advance(stepMs);
			await this.quiet();
		}
	}

	/** Moves the clock by `ms` in small steps, with the sockets keeping up. */
	async advance(ms: number, stepMs = 250): Promise<void> {
		for (let moved = 0; moved < ms; moved += stepMs) {
			this.clock.advance(Math.min(stepMs, ms - moved));
			await this.quiet();
		}
	}

	/** Lets what is under way on sockets and in WebCrypto's threads arrive: until nothing more happens. */
	async quiet(): Promise<void> {
		for (let before = -1; before !== this.#activity; ) {
			before = this.#activity;
			for (let round = 0; round < 3; round += 1) await setTimeout(1);
		}
	}

	get #activity(): number {
		const told = this.#seats.reduce((sum, { told: { length } }) => sum + length, 0);
		return told + this.relay.seen.length + this.relay.joins + this.relay.pings + this.network.peers.length;
	}

	/** Somebody who holds the link and says what a test wants. */
	async linkHolder(options: Partial<LinkHolderOptions> = {}): Promise<LinkHolder> {
		const holder = await LinkHolder.join({ link: this.link, clock: this.clock, trust: this.fleet.trust, ...options });
		this.#holders.push(holder);
		await this.until(() => holder.ready);
		return holder;
	}

	async stop(): Promise<void> {
		for (const holder of this.#holders) holder.close();
		for (const { meeting } of this.#seats) meeting.leave();
		await this.relay.stop();
	}
}
