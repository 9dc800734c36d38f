import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Clock } from "../../../device/core/clock.ts";
import { RequestLimit } from "../api/RequestLimit.ts";
import type { ApiTokens } from "../api/signIn/ApiTokens.ts";
import { networkOf } from "../rendezvous/SocketsPerAddress.ts";
import type { FleetMetrics } from "./FleetMetrics.ts";

export interface MetricsRouteOptions {
	metrics: FleetMetrics;
	tokens: ApiTokens;
	/** `token`: an API token with the scope `metrics`. `loopback`: also programs on this machine; not behind a proxy, which is one. */
	audience?: "token" | "loopback";
	addressOf?: (request: FastifyRequest) => string;
	clock: Clock;
}

/** Requests a minute of one address. */
const PER_MINUTE = 120;

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/;

/** `GET /metrics`, beside the API, where Prometheus looks for it. */
export function metricsRoute(app: FastifyInstance, options: MetricsRouteOptions): void {
	const { metrics, tokens, audience = "token" } = options;
	const limit = new RequestLimit({ clock: options.clock, perMinute: PER_MINUTE });
	app.addHook("onClose", async () => limit.close());
	const mayRead = async (request: FastifyRequest): Promise<boolean> => {
		const address = options.addressOf?.(request) ?? request.ip;
		if (audience === "loopback" && LOOPBACK.test(address)) return true;
		const token = /^Bearer ([\w-]{1,100})$/i.exec(request.headers.authorization ?? "")?.[1];
		const caller = token ? await tokens.find(token) : null;
		return caller?.scopes.includes("metrics") === true;
	};
	app.get("/metrics", { exposeHeadRoute: false }, async (request, reply) => {
		reply.header("cache-control", "no-store").type("text/plain; charset=utf-8");
		if (limit.take(networkOf(options.addressOf?.(request) ?? request.ip)) > 0) {
			return reply.code(429).header("retry-after", 60).send("Too many requests.\n");
		}
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
