import type { Clock } from "../../../device/core/clock.ts";
import { Emitter } from "../../../device/core/Emitter.ts";
import { type RoomStatus, roundToFiveMinutes } from "../../contract/twin.ts";
import type { RoomLink } from "./RoomLink.ts";

/** A room program that is not there for so long is no start any more, but trouble. */
const STARTING_MS = 60_000;

/** What is known of the room: as its program said it last, or that there is none. */
export class RoomState {
	readonly events = new Emitter<{ changed: undefined }>();
	readonly #clock: Clock;
	#said: { status: RoomStatus; idleSince: number | null; occupied: boolean | null } | null = null;
	#absentSince: number;
	#stopWait: () => void = () => {};

	constructor(options: { link: RoomLink; clock: Clock }) {
		this.#clock = options.clock;
		this.#absentSince = this.#clock.now();
		options.link.events.on("status", ({ status, idleSince, occupied }) => {
			this.#stopWait();
			this.#said = { status, idleSince, occupied };
			this.events.emit("changed", undefined);
		});
		options.link.events.on("left", () => this.#left());
		this.#wait();
	}

	/** Null: the room program is not there, or has not said anything yet. */
	get said(): { status: RoomStatus; idleSince: number | null; occupied: boolean | null } | null {
		return this.#said;
	}

	/** Since when nothing is known of the room, milliseconds; null while it is. */
	get absentSince(): number | null {
		return this.#said ? null : this.#absentSince;
	}

	get inCall(): boolean {
		return this.#said !== null && (this.#said.idleSince === null || this.#said.status.activity === "in_call");
	}

	/** For the fleet: rounded here too, whatever the room program says. */
	get status(): RoomStatus {
		if (this.#said) {
			const { busyUntil, nextBusyAt, ...status } = this.#said.status;
			return {
				...status,
				busyUntil: busyUntil === null ? null : roundToFiveMinutes(busyUntil, "up"),
				nextBusyAt: nextBusyAt === null ? null : roundToFiveMinutes(nextBusyAt, "down"),
			};
		}
		const starting = this.#clock.now() - this.#absentSince < STARTING_MS;
		return {
			activity: starting ? "starting" : "trouble",
			trouble: starting ? null : "room.not_running",
			busyUntil: null,
			nextBusyAt: null,
			missing: ["room"],
		};
	}

	close(): void {
		this.#stopWait();
		this.events.clear();
	}

	#left(): void {
		if (this.#said) this.#absentSince = this.#clock.now();
		this.#said = null;
		this.#wait();
		this.events.emit("changed", undefined);
	}

	#wait(): void {
		this.#stopWait();
		this.#stopWait = this.#clock.after(STARTING_MS, () => this.events.emit("changed", undefined));
	}
}
