import fastify, { type FastifyInstance } from "fastify";
import { contentSecurityPolicy, guestPage } from "./guestPage.ts";
import { type RendezvousPluginOptions, rendezvousPlugin } from "./rendezvous/plugin.ts";
import { revocations } from "./revocations.ts";

export interface AppOptions {
	/** The built guest page: `index.html` and `assets/`. */
	guestFolder: string;
	/** The fleet CA's folder, for its certificate and revocation list; absent: guests learn of no revocations. */
	caFolder?: string;
	rendezvous?: RendezvousPluginOptions;
	/** PEM; absent: plain HTTP, for loopback or behind a proxy. */
	tls?: { key: string; certificate: string };
	/** Adds further routes: the fleet's API and console. */
	routes?: (app: FastifyInstance) => Promise<unknown>;
}

/**
 * The service's HTTP side: health, rendezvous, guest page. It logs no request, and sets no cookie but the one of who signed in to the
 * fleet: an address of a meeting together with an address of a person is more than we want to know.
 */
export async function createApp(options: AppOptions): Promise<FastifyInstance> {
	const common = { logger: false, bodyLimit: 1024, requestTimeout: 30_000, exposeHeadRoutes: true } as const;
	const app = (options.tls
		? fastify({ ...common, https: { key: options.tls.key, cert: options.tls.certificate, minVersion: "TLSv1.2" } })
		: fastify(common)) as unknown as FastifyInstance;
	app.addHook("onSend", async (request, reply) => {
		reply.headers({
			"content-security-policy": contentSecurityPolicy(request),
			"referrer-policy": "no-referrer",
			"permissions-policy": "camera=(self), microphone=(self)",
			"x-content-type-options": "nosniff",
			"cross-origin-opener-policy": "same-origin",
			"cross-origin-resource-policy": "same-origin",
		});
		if (options.tls) reply.header("strict-transport-security", "max-age=31536000");
	});
	app.setNotFoundHandler((_request, reply) => reply.code(404).type("text/plain; charset=utf-8").send("Not found.\n"));
	app.setErrorHandler((error: { statusCode?: number }, _request, reply) => {
		const status = error.statusCode ?? 500;
		return reply
			.code(status)
			.type("text/plain; charset=utf-8")
			.send(status < 500 ? "That is no request of this service.\n" : "Something went wrong.\n");
	});
	app.get("/healthz", async (_request, reply) => reply.header("cache-control", "no-store").send({ status: "ok" }));
	app.get("/", async (_request, reply) =>
		reply.type("text/plain; charset=utf-8").send("InCamera. To join a meeting, open the link that you were given.\n"),
	);
	await app.register(guestPage, { folder: options.guestFolder });
	await app.register(revocations, { caFolder: options.caFolder ?? null });
	rendezvousPlugin(app, options.rendezvous ?? {});
	await options.routes?.(app);
	return app;
}
