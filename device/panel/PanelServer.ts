import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import fastifyStatic from "@fastify/static";
import fastify, { type FastifyInstance } from "fastify";
import { WebSocketServer } from "ws";
import type { DeviceFrame } from "../contract/deviceFrame.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import { pageHeaders } from "../core/pageHeaders.ts";
import { RateLimit } from "../core/RateLimit.ts";
import { RoomError } from "../core/RoomError.ts";
import { type AccessRefusal, PanelAccess } from "./PanelAccess.ts";
import { type FrameRefusal, PanelConnection } from "./PanelConnection.ts";
import type { PanelPort } from "./PanelPort.ts";
import { PreviewStream } from "./PreviewStream.ts";

export type PanelRefusal = AccessRefusal | FrameRefusal | "panel.pairing_refused" | "panel.too_many";

const MESSAGE_BYTES = 64 * 1024;
/** Panels (and development tabs) of one room, and viewers of one preview. */
const MOST_PANELS = 16;
const MOST_VIEWERS = 8;

export interface PanelServerOptions {
	port: PanelPort;
	log: Log;
	/** TCP port; 0 picks a free one. */
	listenPort: number;
	/** Address to listen on; loopback if left out. */
	host?: string;
	/** Further names in `Host`; needed to reach a server that listens on a network by name. */
	names?: readonly string[];
	pairingToken?: string | null;
	/** Folder with the built pages `panel` and `tv`. */
	pages: string;
	clock?: Clock;
}

/** The room's local server: the panel's page, its socket, the previews, health. */
export class PanelServer {
	#url = "";
	readonly #app: FastifyInstance;
	readonly #sockets: WebSocketServer;
	readonly #connections = new Set<PanelConnection>();
	readonly #previews: Record<"tv" | "self", PreviewStream>;
	readonly #refusals = new Map<PanelRefusal, number>();
	readonly #access: PanelAccess;
	readonly #options: PanelServerOptions;
	readonly #clock: Clock;
	readonly #logLimit: RateLimit;
	readonly #unsubscribe: (() => void)[];
	#flush: NodeJS.Immediate | null = null;
	#frame: string | null = null;

	/** Starts to listen. Throws RoomError `panel.token_required`, `panel.port_busy` or `panel.listen_failed`. */
	static async listen(options: PanelServerOptions): Promise<PanelServer> {
		const host = options.host ?? "127.0.0.1";
		const access = new PanelAccess({ host, names: options.names ?? [], pairingToken: options.pairingToken ?? null });
		const app = fastify({ logger: false, forceCloseConnections: true, bodyLimit: 1024 });
		const server = new PanelServer(app, access, options);
		await server.#route();
		try {
			await app.listen({ host, port: options.listenPort });
		} catch (cause) {
			await server.close();
			const busy = (cause as NodeJS.ErrnoException).code === "EADDRINUSE";
			throw new RoomError(
				busy ? "panel.port_busy" : "panel.listen_failed",
				busy ? `Port ${options.listenPort} is in use by another program.` : "The panel server could not listen.",
				{ context: { port: options.listenPort }, cause },
			);
		}
		const { port } = app.server.address() as AddressInfo;
		server.#url = `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
		return server;
	}

	private constructor(app: FastifyInstance, access: PanelAccess, options: PanelServerOptions) {
		this.#app = app;
		this.#access = access;
		this.#options = options;
		this.#clock = options.clock ?? systemClock;
		this.#logLimit = new RateLimit(this.#clock, { burst: 20, perSecond: 1 });
		this.#previews = { tv: new PreviewStream(options.port, "tv"), self: new PreviewStream(options.port, "self") };
		this.#sockets = new WebSocketServer({ noServer: true, maxPayload: MESSAGE_BYTES, perMessageDeflate: false });
		app.server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
		this.#unsubscribe = [
			options.port.onSnapshot(() => this.#changed()),
			options.port.onLevels((levels) => {
				if (this.#connections.size === 0) return;
				const frame = JSON.stringify({ t: "levels", ...levels } satisfies DeviceFrame);
				for (const connection of this.#connections) connection.sendLevels(frame);
			}),
		];
	}

	/** Where a browser finds it: `http://127.0.0.1:8081`. */
	get url(): string {
		return this.#url;
	}

	/** Panels that are connected now. */
	get panels(): number {
		return this.#connections.size;
	}

	/** How often something was refused, by code, since the start. */
	get refusals(): ReadonlyMap<PanelRefusal, number> {
		return this.#refusals;
	}

	async close(): Promise<void> {
		for (const unsubscribe of this.#unsubscribe) unsubscribe();
		if (this.#flush) clearImmediate(this.#flush);
		for (const connection of this.#connections) connection.terminate();
		for (const preview of Object.values(this.#previews)) preview.close();
		this.#sockets.close();
		await this.#app.close();
	}

	async #route(): Promise<void> {
		const { port, pages } = this.#options;
		const app = this.#app;
		const pairing = new RateLimit(this.#clock, { burst: 10, perSecond: 0.1 });

		app.addHook("onRequest", async (request, reply) => {
			for (const [name, value] of Object.entries(pageHeaders)) reply.raw.setHeader(name, value);
			const open = request.url === "/healthz" || request.url.startsWith("/pair?");
			const refusal = this.#access.refuseHost(request.raw) ?? (open ? null : this.#access.refuseUnpaired(request.raw));
			if (refusal === null) return;
			this.#refuse(refusal);
			return reply.code(refusal === "panel.host_refused" ? 421 : 403).send({ code: refusal });
		});

		app.get("/healthz", async (_request, reply) => {
			const reason = port.notReady();
			reply.header("cache-control", "no-store");
			const painted = [...this.#connections].filter((connection) => connection.painted).length;
			return reason === null
				? { status: "ok", painted }
				: reply.code(503).send({ status: "starting", reason, painted });
		});

		app.get<{ Querystring: { token?: string } }>("/pair", async (request, reply) => {
			const { token } = request.query;
			const cookie = typeof token === "string" && pairing.take() ? this.#access.pair(token) : null;
			if (cookie === null) {
				this.#refuse("panel.pairing_refused");
				return reply.code(403).send({ code: "panel.pairing_refused" });
			}
			return reply.header("set-cookie", cookie).header("cache-control", "no-store").redirect("/", 303);
		});

		for (const view of ["tv", "self"] as const) {
			app.get(`/preview/${view}`, (request, reply) => {
				const preview = this.#previews[view];
				const refusal = this.#access.refuseSite(request.raw);
				if (refusal !== null || preview.viewers >= MOST_VIEWERS) {
					this.#refuse(refusal ?? "panel.too_many");
					return void reply.code(refusal === null ? 503 : 403).send({ code: refusal ?? "panel.too_many" });
				}
				reply.hijack();
				preview.add(reply.raw);
			});
		}

		app.get<{ Params: { file: string }; Querystring: { v?: unknown } }>("/preset/:file", async (request, reply) => {
			const refusal = this.#access.refuseSite(request.raw);
			if (refusal !== null) {
				this.#refuse(refusal);
				return reply.code(403).send({ code: refusal });
			}
			const number = /^(\d{1,3})\.jpg$/.exec(request.params.file)?.[1];
			const version = request.query.v;
			const asked = number !== undefined && typeof version === "string";
			const jpeg = asked ? await port.presetPicture(Number(number), version) : null;
			if (!jpeg) return reply.code(404).send({ code: "panel.not_found" });
			// there may be people in it: no browser keeps it longer than the room does
			return reply.header("cache-control", "no-store").type("image/jpeg").send(Buffer.from(jpeg));
		});

		const tv = join(pages, "tv");
		const cached = { maxAge: "365d", immutable: true, allowedPath: (path: string) => !path.endsWith(".sha256") };
		await app.register(fastifyStatic, { root: join(pages, "panel"), prefix: "/", index: false, ...cached });
		await app.register(fastifyStatic, { root: tv, prefix: "/tv/", decorateReply: false, index: false, ...cached });
		const fresh = { maxAge: 0, immutable: false };
		app.get("/", (_request, reply) => reply.sendFile("index.html", fresh));
		app.get("/tv", (_request, reply) => reply.sendFile("index.html", tv, fresh));
		app.setNotFoundHandler((_request, reply) => reply.code(404).send({ code: "panel.not_found" }));
		app.setErrorHandler((error: { statusCode?: number }, _request, reply) => {
			const status = error.statusCode ?? 500;
			if (status >= 500) this.#options.log.write("error", "error.unexpected", { code: "panel.request_failed" });
			return reply.code(status).send({ code: "panel.request_failed" });
		});
	}

	#upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
		socket.on("error", () => socket.destroy());
		const refusal =
			this.#access.refuseHost(request) ??
			this.#access.refuseOrigin(request) ??
			this.#access.refuseUnpaired(request) ??
			(this.#connections.size >= MOST_PANELS ? "panel.too_many" : null);
		if (refusal !== null || request.url !== "/panel") {
			if (refusal !== null) this.#refuse(refusal);
			socket.end(`HTTP/1.1 ${refusal === null ? "404 Not Found" : "403 Forbidden"}\r\nconnection: close\r\n\r\n`);
			return;
		}
		// A panel sets its clock by the snapshot, so its first one is not the kept one of an hour ago.
		this.#frame = null;
		this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
			const connection = new PanelConnection(webSocket, {
				clock: this.#clock,
				intent: (intent) => this.#options.port.intent(intent),
				snapshotFrame: () => this.#snapshotFrame(),
				refused: (code) => this.#refuse(code),
				closed: () => {
					this.#connections.delete(connection);
					this.#logConnection("closed");
				},
			});
			this.#connections.add(connection);
			this.#logConnection("open");
		});
	}

	/** Many changes in one tick of the event loop are one frame, written once for all panels. */
	#changed(): void {
		this.#frame = null;
		this.#flush ??= setImmediate(() => {
			this.#flush = null;
			for (const connection of this.#connections) connection.sendSnapshot();
		});
	}

	#snapshotFrame(): string {
		this.#frame ??= JSON.stringify({ t: "snapshot", snapshot: this.#options.port.snapshot() } satisfies DeviceFrame);
		return this.#frame;
	}

	#logConnection(state: "open" | "closed"): void {
		this.#options.log.write("info", "panel.connection", { state, panels: this.#connections.size });
	}

	#refuse(code: PanelRefusal): void {
		this.#refusals.set(code, (this.#refusals.get(code) ?? 0) + 1);
		if (this.#logLimit.take()) this.#options.log.write("warn", "panel.refused", { code });
	}
}
