import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import {
	clientFrame,
	limits,
	RENDEZVOUS_PATH,
	type RendezvousErrorCode,
	type ServerFrame,
} from "../../../provisioning/contract/rendezvous.ts";

interface Member {
	id: string;
	mid: string;
	hello: string;
	socket: WebSocket;
}

/** What the server makes of a message that it is to deliver; an honest one delivers it once, as it is. */
export type Tamper = (frame: ServerFrame & { t: "message" }, to: string) => (ServerFrame | string | Uint8Array)[];

/** A rendezvous that a test can make dishonest: speaks the contract on a real socket, and drops, repeats, reorders or alters. */
export class RelaySimulator {
	tamper: Tamper = (frame) => [frame];
	/** Refuses connections while true. */
	down = false;
	/** Joins are accepted and never answered while true. */
	mute = false;
	/** Whether a member's leaving is told. */
	tellLeft = true;
	/** Whether a member's coming is told. */
	tellMember = true;
	/** What a joining member is told instead of the truth. */
	lie: (joined: ServerFrame & { t: "joined" }) => ServerFrame = (joined) => joined;
	/** Answers joins with this error. */
	refuseJoins: RendezvousErrorCode | null = null;
	/** Every message that was to be delivered, as it came in. */
	readonly seen: { frame: ServerFrame & { t: "message" }; to: string }[] = [];
	joins = 0;
	/** Joins that came in, answered or not. */
	asked = 0;
	pings = 0;
	readonly #members = new Set<Member>();
	readonly #server: Server;
	readonly #sockets = new Set<Socket>();
	readonly #websockets: WebSocketServer;

	private constructor(server: Server) {
		this.#server = server;
		this.#websockets = new WebSocketServer({ server, path: RENDEZVOUS_PATH, maxPayload: limits.frameBytes });
		this.#websockets.on("connection", (socket) => this.#serve(socket));
		server.on("connection", (socket) => {
			this.#sockets.add(socket);
			socket.on("close", () => this.#sockets.delete(socket));
		});
	}

	static async start(): Promise<RelaySimulator> {
		const server = createServer();
		server.listen(0, "127.0.0.1");
		await once(server, "listening");
		return new RelaySimulator(server);
	}

	/** Origin of links to here. */
	get origin(): string {
		return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
	}

	get members(): number {
		return this.#members.size;
	}

	/** Sends something to every connection, joined or not. */
	broadcast(frame: ServerFrame | string | Uint8Array): void {
		for (const socket of this.#websockets.clients) send(socket, frame);
	}

	/** Delivers to one member as if it came from another. */
	deliver(to: string, frame: ServerFrame | string | Uint8Array): void {
		for (const member of this.#members) if (member.id === to) send(member.socket, frame);
	}

	/** The card that a member showed. */
	helloOf(id: string): string {
		return [...this.#members].find((member) => member.id === id)?.hello ?? "";
	}

	/** Cuts every connection, or those of one member. */
	cut(id?: string): void {
		for (const member of this.#members) if (id === undefined || member.id === id) member.socket.terminate();
	}

	async stop(): Promise<void> {
		this.cut();
		for (const socket of this.#sockets) socket.destroy();
		this.#server.close();
		await once(this.#server, "close");
	}

	#serve(socket: WebSocket): void {
		socket.on("error", () => {});
		if (this.down) {
			socket.terminate();
			return;
		}
		let member: Member | null = null;
		socket.on("message", (data) => {
			const frame = clientFrame.parse(JSON.parse(String(data)));
			if (frame.t === "ping") {
				this.pings += 1;
				if (!this.mute) send(socket, { t: "pong" });
			} else if (frame.t === "join") member = this.#join(socket, frame);
			else if (member) this.#route(member, frame);
		});
		socket.on("close", () => {
			if (!member) return;
			this.#members.delete(member);
			if (this.tellLeft) for (const other of this.#others(member)) send(other.socket, { t: "left", id: member.id });
		});
	}

	#join(socket: WebSocket, { mid, hello }: { mid: string; hello: string }): Member | null {
		this.asked += 1;
		if (this.mute) return null;
		this.joins += 1;
		const member = { id: `m${this.joins}`, mid, hello, socket };
		const others = this.#others(member);
		const refusal = this.refuseJoins ?? (others.length >= limits.members ? "rendezvous.meeting_full" : null);
		if (refusal) {
			send(socket, { t: "error", code: refusal });
			socket.close();
			return null;
		}
		this.#members.add(member);
		const ice = [{ urls: ["turn:127.0.0.1:3478"], username: "1:x", credential: "y" }];
		const members = others.map(({ id, hello: card }) => ({ id, hello: card }));
		send(socket, this.lie({ t: "joined", you: member.id, members, ice }));
		if (this.tellMember) for (const other of others) send(other.socket, { t: "member", id: member.id, hello });
		return member;
	}

	#route(from: Member, { to, sealed }: { to: string; sealed: string }): void {
		const receiver = this.#others(from).find(({ id }) => id === to);
		if (!receiver) {
			send(from.socket, { t: "error", code: "rendezvous.no_such_member" });
			return;
		}
		const frame = { t: "message", from: from.id, sealed } as const;
		this.seen.push({ frame, to });
		for (const out of this.tamper(frame, to)) send(receiver.socket, out);
	}

	#others(member: Member): Member[] {
		return [...this.#members].filter((other) => other !== member && other.mid === member.mid);
	}
}

function send(socket: WebSocket, frame: ServerFrame | string | Uint8Array): void {
	socket.send(typeof frame === "string" || frame instanceof Uint8Array ? frame : JSON.stringify(frame));
}
