import { randomBytes } from "node:crypto";
import type { WebSocket } from "ws";
import type * as z from "zod/mini";
import { type Clock, systemClock } from "../../../device/core/clock.ts";
import { type ClientFrame, type iceServer, limits, RENDEZVOUS_VERSION } from "../../contract/rendezvous.ts";
import { Connection } from "./Connection.ts";
import { Meetings, type Member } from "./Meetings.ts";

export type IceServer = z.infer<typeof iceServer>;

export interface RendezvousOptions {
	clock?: Clock;
	/** Meetings at once. */
	meetings?: number;
	/** Bytes that may wait for a slow receiver before it is closed. */
	backlogBytes?: number;
	/** Between two pings; a socket that says nothing for one such span after a ping is cut. Milliseconds. */
	pingMs?: number;
	/** The ICE servers for a new member, with credentials of its own. */
	iceServers?: () => IceServer[];
}

/** How long a new socket may wait with its `join`. */
const JOIN_MS = 10_000;
/** How long a member has to prove that it is still there when another one finds the meeting full. */
const PROOF_MS = 1000;

type JoinFrame = Extract<ClientFrame, { t: "join" }>;
type SendFrame = Extract<ClientFrame, { t: "send" }>;

/**
 * The blind relay: passes sealed messages between the members of one meeting. It stores nothing, reads nothing and logs nothing;
 * what it knows of a meeting is which sockets are in it.
 *
 * A meeting is full with `limits.members`. Before a newcomer is told so, the members must answer a ping: a room whose network
 * broke comes back on a new socket while its old one still looks open here.
 */
export class Rendezvous {
	readonly #clock: Clock;
	readonly #meetings: Meetings;
	readonly #backlogBytes: number;
	readonly #pingMs: number;
	readonly #iceServers: () => IceServer[];
	readonly #connections = new Set<Connection>();

	constructor(options: RendezvousOptions = {}) {
		this.#clock = options.clock ?? systemClock;
		this.#meetings = new Meetings(options.meetings ?? 1000);
		this.#backlogBytes = options.backlogBytes ?? 1024 * 1024;
		this.#pingMs = options.pingMs ?? 20_000;
		this.#iceServers = options.iceServers ?? (() => []);
	}

	/** Meetings and sockets that are open now. */
	get load(): { meetings: number; sockets: number } {
		return { meetings: this.#meetings.size, sockets: this.#connections.size };
	}

	/** Takes over an open WebSocket. */
	accept(socket: WebSocket): void {
		let asked = false;
		let member: Member | null = null;
		const connection = new Connection({
			id: randomBytes(9).toString("base64url"),
			socket,
			clock: this.#clock,
			pingMs: this.#pingMs,
			backlogBytes: this.#backlogBytes,
			events: {
				frame: (frame) => {
					if (frame.t === "ping") return connection.send({ t: "pong" });
					if (frame.t === "send") return this.#forward(connection, member, frame);
					if (asked) return connection.refuse("rendezvous.malformed");
					asked = true;
					stopWaiting();
					void this.#join(connection, frame, (joined) => {
						member = joined;
					});
				},
				gone: () => {
					this.#connections.delete(connection);
					if (member) this.#leave(member);
				},
			},
		});
		this.#connections.add(connection);
		const stopWaiting = connection.after(JOIN_MS, () => connection.refuse("rendezvous.not_joined"));
	}

	/** Cuts all sockets. */
	close(): void {
		for (const connection of this.#connections) connection.cut();
	}

	async #join(connection: Connection, frame: JoinFrame, joined: (member: Member) => void): Promise<void> {
		if (frame.v !== RENDEZVOUS_VERSION) return connection.refuse("rendezvous.version_unknown");
		if (this.#meetings.members(frame.mid).length >= limits.members) await this.#dropDead(frame.mid);
		// From here on without waiting, so that two newcomers can't both take the last place.
		if (!connection.open) return;
		const others = this.#meetings.members(frame.mid);
		if (others.length >= limits.members) return connection.refuse("rendezvous.meeting_full");
		const member: Member = { meeting: frame.mid, hello: frame.hello, connection };
		if (!this.#meetings.add(member)) return connection.refuse("rendezvous.too_many_meetings");
		joined(member);
		connection.send({
			t: "joined",
			you: connection.id,
			members: others.map((other) => ({ id: other.connection.id, hello: other.hello })),
			ice: this.#iceServers(),
		});
		for (const other of others) other.connection.send({ t: "member", id: connection.id, hello: frame.hello });
	}

	async #dropDead(meeting: string): Promise<void> {
		await Promise.all(
			this.#meetings.members(meeting).map(async (member) => {
				if (!(await member.connection.isAlive(PROOF_MS))) this.#leave(member);
			}),
		);
	}

	#forward(connection: Connection, member: Member | null, frame: SendFrame): void {
		if (!member) {
			connection.refuse("rendezvous.not_joined");
			return;
		}
		const members = this.#meetings.members(member.meeting);
		const to = members.find((other) => other.connection.id === frame.to && other !== member);
		// It may have left this instant: that is no reason to close.
		if (to) to.connection.send({ t: "message", from: connection.id, sealed: frame.sealed });
		else connection.send({ t: "error", code: "rendezvous.no_such_member" });
	}

	#leave(member: Member): void {
		if (!this.#meetings.remove(member)) return;
		for (const other of this.#meetings.members(member.meeting)) {
			other.connection.send({ t: "left", id: member.connection.id });
		}
	}
}
