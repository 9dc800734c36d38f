import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { WebSocket, WebSocketServer } from "ws";
import type { Kind } from "../../../device/meeting/identity.ts";
import type { Link } from "../../../device/meeting/link.ts";
import { Seal } from "../../../device/meeting/sealing.ts";
import { type ClientFrame, RENDEZVOUS_PATH, type ServerFrame } from "../../../provisioning/contract/rendezvous.ts";

/** A signed message that is on its way to the room or to the guest; what is returned is delivered instead. */
export type Tamper = (jws: string, to: Kind) => string[] | Promise<string[]>;

interface Line {
	/** As the member named itself in its sealed card; null to who doesn't hold the link. */
	kind: Kind | null;
	seal: Seal | null;
	member: WebSocket;
	you: string;
	/** Frames go on one after the other. */
	turn: Promise<void>;
}

/**
 * Somebody between the members and the real rendezvous, guest page included, who was also given the link: opens the seal, alters
 * what is inside, and seals it again. Signing it again is what nobody else can. Can go away and come back, too.
 */
export class RendezvousInTheMiddle {
	tamper: Tamper = (jws) => [jws];
	/** Everything that was opened, in order. */
	readonly seen: { to: Kind; jws: string }[] = [];
	readonly #server: Server;
	readonly #target: number;
	readonly #sockets = new Set<Socket>();
	readonly #lines = new Set<Line>();
	readonly #websockets = new WebSocketServer({ noServer: true });
	readonly #seals = new Map<string, Seal>();
	#down = false;

	private constructor(target: number) {
		this.#target = target;
		this.#server = createServer((asked, answer) => this.#page(asked, answer));
		this.#server.on("connection", (socket) => {
			if (this.#down) socket.destroy();
			this.#sockets.add(socket);
			socket.on("close", () => this.#sockets.delete(socket));
		});
		this.#server.on("upgrade", (asked, socket, head) => {
			this.#websockets.handleUpgrade(asked, socket, head, (member) => this.#serve(member));
		});
	}

	static async start(targetPort: number): Promise<RendezvousInTheMiddle> {
		const middle = new RendezvousInTheMiddle(targetPort);
		middle.#server.listen(0, "127.0.0.1");
		await once(middle.#server, "listening");
		return middle;
	}

	get origin(): string {
		return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
	}

	/** Gets hold of a meeting's link. */
	async hold(link: Link): Promise<void> {
		this.#seals.set(link.meetingId, await Seal.create(link.secret, link.meetingId));
	}

	/** How many members of a kind have joined, as their cards say. */
	members(kind: Kind): number {
		return [...this.#lines].filter((line) => line.kind === kind && line.you !== "").length;
	}

	/** While down, open connections are cut and new ones refused. */
	set down(down: boolean) {
		this.#down = down;
		if (down) for (const socket of this.#sockets) socket.destroy();
	}

	/** Sends something to the members of a kind, whatever it is. */
	inject(to: Kind, data: string | Uint8Array): void {
		for (const { kind, member } of this.#lines) if (kind === to) member.send(data);
	}

	/** What waits to go out to the members of a kind, in bytes. */
	backlog(to: Kind): number {
		return [...this.#lines]
			.filter(({ kind }) => kind === to)
			.reduce((sum, { member }) => sum + member.bufferedAmount, 0);
	}

	/** Between which addresses messages to the member of a kind go. */
	way(to: Kind): { from: string; to: string } {
		const lines = [...this.#lines];
		const receiver = lines.find((line) => line.kind === to);
		return { from: lines.find((line) => line !== receiver)?.you ?? "", to: receiver?.you ?? "" };
	}

	async stop(): Promise<void> {
		for (const socket of this.#sockets) socket.destroy();
		this.#server.close();
		await once(this.#server, "close");
	}

	#page(asked: IncomingMessage, answer: ServerResponse): void {
		const { url = "/", method = "GET", headers } = asked;
		const host = `127.0.0.1:${this.#target}`;
		const on = request(
			{ port: this.#target, host: "127.0.0.1", path: url, method, headers: { ...headers, host } },
			(real) => {
				answer.writeHead(real.statusCode ?? 502, real.headers);
				real.pipe(answer);
			},
		);
		on.on("error", () => answer.destroy());
		asked.pipe(on);
	}

	#serve(member: WebSocket): void {
		const server = new WebSocket(`ws://127.0.0.1:${this.#target}${RENDEZVOUS_PATH}`);
		const line: Line = { kind: null, seal: null, member, you: "", turn: Promise.resolve() };
		this.#lines.add(line);
		const opened = once(server, "open");
		opened.catch(() => member.terminate());
		member.on("message", (data) => {
			line.turn = line.turn
				.then(async () => {
					await opened;
					await this.#upwards(line, String(data));
					server.send(String(data));
				})
				.catch(() => {});
		});
		server.on("message", (data) => {
			line.turn = line.turn.then(() => this.#downwards(line, JSON.parse(String(data)) as ServerFrame)).catch(() => {});
		});
		member.on("error", () => {});
		server.on("error", () => {});
		member.on("close", () => {
			this.#lines.delete(line);
			// what was sent before still goes on
			void line.turn.then(() => server.close());
		});
		server.on("close", () => void line.turn.then(() => member.close()));
	}

	async #upwards(line: Line, text: string): Promise<void> {
		const frame = JSON.parse(text) as ClientFrame;
		if (frame.t !== "join") return;
		line.seal = this.#seals.get(frame.mid) ?? null;
		const card = await line.seal?.open({ hello: true }, frame.hello).catch(() => null);
		if (card) line.kind = (JSON.parse(card) as { kind: Kind }).kind;
	}

	async #downwards(line: Line, frame: ServerFrame): Promise<void> {
		if (frame.t === "joined") line.you = frame.you;
		const { seal } = line;
		if (frame.t !== "message" || !seal || !line.kind) {
			line.member.send(JSON.stringify(frame));
			return;
		}
		const way = { from: frame.from, to: line.you };
		const jws = await seal.open(way, frame.sealed);
		this.seen.push({ to: line.kind, jws });
		for (const instead of await this.tamper(jws, line.kind)) {
			// what was left alone goes on as it came
			const sealed = instead === jws ? frame.sealed : await seal.seal(way, instead);
			line.member.send(JSON.stringify({ ...frame, sealed } satisfies ServerFrame));
		}
	}
}
