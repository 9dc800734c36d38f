import type { Presence } from "../../provisioning/contract/ring.ts";

export interface ListedRoom {
	id: string;
	/** As the panel draws it. */
	name: string;
}

/** Presences that are kept: more than any room lists. */
const MOST = 2000;

/** Who of the listed rooms can be rung, from presences and last wills. */
export class Directory {
	#rooms: ReadonlyMap<string, ListedRoom> = new Map();
	/** Of whomever we heard: a room may be listed after it was heard of. */
	readonly #presences = new Map<string, Presence>();
	#known = false;

	constructor(rooms: readonly ListedRoom[]) {
		this.list(rooms);
	}

	/** From now on these rooms are listed, and no others. */
	list(rooms: readonly ListedRoom[]): void {
		this.#rooms = new Map(rooms.map((room) => [room.id, room]));
	}

	get rooms(): readonly ListedRoom[] {
		return [...this.#rooms.values()];
	}

	nameOf(id: string): string | null {
		return this.#rooms.get(id)?.name ?? null;
	}

	lists(id: string): boolean {
		return this.#rooms.has(id);
	}

	/** Whether it is known who is there. */
	get known(): boolean {
		return this.#known;
	}

	/** Null while the broker can't be asked, or nobody looks. A device whose room program is not there has no ring key, and can't be rung. */
	isOnline(id: string): boolean | null {
		if (!this.#known) return null;
		const presence = this.presenceOf(id);
		return presence?.online === true && presence.ring !== undefined;
	}

	presenceOf(id: string): Presence | null {
		return this.#known && this.lists(id) ? (this.#presences.get(id) ?? null) : null;
	}

	/** Ignored if it is of an older connection than one already seen. */
	note(id: string, presence: Presence): void {
		const before = this.#presences.get(id);
		if (before && presence.epoch < before.epoch) return;
		// Within one connection a device goes offline once: a repeated `online` of the same epoch can't undo its last will.
		if (before && presence.epoch === before.epoch && !before.online) return;
		if (before || this.#presences.size < MOST) this.#presences.set(id, presence);
	}

	/** All retained presences are here: who has none is not online. `watched` false: they are not told, or no longer. */
	settle(watched: boolean): void {
		this.#known = watched;
		if (!watched) this.#presences.clear();
	}

	/** The broker is gone, and with it what it told; its epochs too, because a broker that starts anew may have lost them. */
	forget(): void {
		this.#known = false;
		this.#presences.clear();
	}
}
