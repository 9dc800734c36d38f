import type { Connection } from "./Connection.ts";

export interface Member {
	readonly meeting: string;
	/** Sealed: shown to the other members as it came. */
	readonly hello: string;
	readonly connection: Connection;
}

/** The open meetings: who is in which, and nothing else. An empty meeting is forgotten at once. */
export class Meetings {
	readonly #meetings = new Map<string, Set<Member>>();
	readonly #cap: number;

	constructor(cap: number) {
		this.#cap = cap;
	}

	get size(): number {
		return this.#meetings.size;
	}

	members(meeting: string): Member[] {
		return [...(this.#meetings.get(meeting) ?? [])];
	}

	/** False if that would be one meeting too many. */
	add(member: Member): boolean {
		const members = this.#meetings.get(member.meeting);
		if (members) members.add(member);
		else if (this.#meetings.size >= this.#cap) return false;
		else this.#meetings.set(member.meeting, new Set([member]));
		return true;
	}

	/** False if it was not there. */
	remove(member: Member): boolean {
		const members = this.#meetings.get(member.meeting);
		if (!members?.delete(member)) return false;
		if (members.size === 0) this.#meetings.delete(member.meeting);
		return true;
	}
}
