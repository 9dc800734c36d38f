import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ApiTokens } from "../api/signIn/ApiTokens.ts";
import type { FleetMetrics } from "./FleetMetrics.ts";

export interface MetricsRouteOptions {
	metrics: FleetMetrics;
	tokens: ApiTokens;
	/** `token`: an API token with the scope `metrics`. `loopback`: also programs on this machine; not behind a proxy, which is one. */
	audience?: "token" | "loopback";
	addressOf?: (request: FastifyRequest) => string;
}

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/;

/** `GET /metrics`, beside the API, where Prometheus looks for it. */
export function metricsRoute(app: FastifyInstance, options: MetricsRouteOptions): void {
	const { metrics, tokens, audience = "token" } = options;
	const mayRead = async (request: FastifyRequest): Promise<boolean> => {
		const address = options.addressOf?.(request) ?? request.ip;
		if (audience === "loopback" && LOOPBACK.test(address)) return true;
		const token = /^Bearer ([\w-]{1,100})$/i.exec(request.headers.authorization ?? "")?.[1];
		const caller = token ? await tokens.find(token) : null;
		return caller?.scopes.includes("metrics") === true;
	};
	app.get("/metrics", { exposeHeadRoute: false }, async (request, reply) => {
		reply.header("cache-control", "no-store").type("text/plain; charset=utf-8");
		let allowed: boolean;
		try {
			allowed = await mayRead(request);
		} catch {
			return reply.code(503).send("The database does not answer.\n");
		}
		if (!allowed) {
			return reply
				.code(401)
				.header("www-authenticate", "Bearer")
				.send("An API token with the scope metrics is needed.\n");
		}
		const { text, type } = await metrics.page();
		return reply.type(type).send(text);
	});
}
