import fastifyStatic from "@fastify/static";
import fastify, { type FastifyInstance } from "fastify";
import * as z from "zod/mini";
import { pageHeaders } from "../../../../device/core/pageHeaders.ts";
import type { Installer } from "./Installer.ts";

/** A disk's name, which can't lead out of /dev. */
const installWish = z.object({ disk: z.string().check(z.regex(/^[a-z0-9!_-]{1,32}$/i)) });

export interface InstallerServerOptions {
	installer: Pick<Installer, "state" | "tell" | "begin" | "again">;
	/** The built page. */
	page: string;
	/** 0 picks a free one. */
	port: number;
	switchOff(): Promise<void>;
	onPainted(): void;
}

/**
 * What the panel's browser asks, on loopback only: the page, how far it is, and what somebody wants. It answers where the room program does on a
 * device, and as that does to `kiosk`, which looks after the browser.
 */
export class InstallerServer {
	readonly #app: FastifyInstance;
	#painted = 0;
	#url = "";

	static async listen(options: InstallerServerOptions): Promise<InstallerServer> {
		const app = fastify({ logger: false, forceCloseConnections: true, bodyLimit: 1024 });
		const server = new InstallerServer(app, options);
		await app.register(fastifyStatic, { root: options.page, allowedPath: (path) => !path.endsWith(".sha256") });
		server.#url = await app.listen({ host: "127.0.0.1", port: options.port });
		return server;
	}

	private constructor(app: FastifyInstance, { installer, switchOff, onPainted }: InstallerServerOptions) {
		this.#app = app;
		app.addHook("onRequest", async (request, reply) => {
			for (const [name, value] of Object.entries(pageHeaders)) reply.raw.setHeader(name, value);
			// another page in that browser, or another name for this machine: neither is ours
			const site = request.headers["sec-fetch-site"];
			const ours =
				`http://${request.headers.host}` === this.#url && (site === undefined || /^(?:same-origin|none)$/.test(site));
			if (!ours && request.url !== "/healthz") return reply.code(403).send({ code: "installer.refused" });
		});
		app.get("/healthz", async () => ({ status: "ok", painted: this.#painted }));
		app.get("/state", async (_request, reply) => {
			reply.header("cache-control", "no-store");
			return await installer.tell();
		});
		app.post("/painted", async (_request, reply) => {
			if (this.#painted === 0) onPainted();
			this.#painted = 1;
			return reply.code(204).send();
		});
		app.post("/install", async (request, reply) => {
			const wish = installWish.safeParse(request.body);
			if (!wish.success) return reply.code(400).send({ code: "installer.refused" });
			void installer.begin(wish.data.disk);
			return reply.code(202).send();
		});
		app.post("/again", async (_request, reply) => {
			installer.again();
			return reply.code(204).send();
		});
		app.post("/off", async (_request, reply) => {
			if (installer.state.is !== "installed") return reply.code(409).send({ code: "installer.refused" });
			await switchOff();
			return reply.code(202).send();
		});
	}

	get url(): string {
		return this.#url;
	}

	close(): Promise<void> {
		return this.#app.close();
	}
}
