import type { Presence } from "../../provisioning/contract/ring.ts";

export interface ListedRoom {
	id: string;
	/** As the panel draws it. */
	name: string;
}

/** Who of the listed rooms is online, from retained presences and last wills. */
export class Directory {
	readonly #rooms: ReadonlyMap<string, ListedRoom>;
	readonly #presences = new Map<string, Presence>();
	#known = false;

	constructor(rooms: readonly ListedRoom[]) {
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

	/** Null while the broker can't be asked. */
	isOnline(id: string): boolean | null {
		if (!this.#known) return null;
		return this.#presences.get(id)?.online ?? false;
	}

	presenceOf(id: string): Presence | null {
		return this.#known ? (this.#presences.get(id) ?? null) : null;
	}

	/** Ignored if it is of an unlisted room or of an older connection than one already seen. */
	note(id: string, presence: Presence): void {
		if (!this.#rooms.has(id)) return;
		const before = this.#presences.get(id);
		if (before && presence.epoch < before.epoch) return;
		// Within one connection a room goes offline once: a repeated `online` of the same epoch can't undo its last will.
		if (before && presence.epoch === before.epoch && !before.online) return;
		this.#presences.set(id, presence);
	}

	/** All retained presences are here: who has none is not online. */
	settle(): void {
		this.#known = true;
	}

	/** The broker is gone, and with it what it told; its epochs too, because a broker that starts anew may have lost them. */
	forget(): void {
		this.#known = false;
		this.#presences.clear();
	}
}
