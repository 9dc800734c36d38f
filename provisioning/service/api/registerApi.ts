import fastifyCookie from "@fastify/cookie";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Clock } from "../../../device/core/clock.ts";
import type { Log } from "../../../device/core/log.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { API_ROOT, type Route } from "../../contract/http/route.ts";
import { type RouteId, routes } from "../../contract/http/routes.ts";
import { networkOf } from "../rendezvous/SocketsPerAddress.ts";
import { refusalOf } from "./access.ts";
import type { Caller } from "./Caller.ts";
import type { Callers } from "./Callers.ts";
import { isCrossSite } from "./crossSite.ts";
import { failedAnswer, notFound } from "./failures.ts";
import type { CallOf, Handlers } from "./Handlers.ts";
import { eventStream } from "./live/eventStream.ts";
import { parseRequest } from "./parseRequest.ts";
import { RequestLimit } from "./RequestLimit.ts";
import { SESSION_MS } from "./signIn/Sessions.ts";

declare module "fastify" {
	interface FastifyContextConfig {
		route?: RouteId;
	}
	interface FastifyRequest {
		/** Who asks, on the API's routes. */
		caller: Caller | null;
	}
}

export interface RegisterApiOptions {
	handlers: Handlers;
	callers: Callers;
	/** Where the console is opened, `https://fleet.example.org`; requests of other origins' pages are refused. */
	origin: string;
	clock: Clock;
	log: Log;
	/** The address that a request came from; absent: the socket's. */
	addressOf?: (request: FastifyRequest) => string;
	/** Requests a minute. */
	limits?: Partial<typeof usualLimits>;
	/** Told of each answer. */
	onAnswer?: (route: RouteId, status: number, seconds: number) => void;
}

export const usualLimits = {
	/** Of one address: a company's rooms and people may share one. */
	address: 6000,
	/** Of one address, on what anybody may ask: signing in. */
	signIn: 60,
	/** Of one session or token. */
	caller: 1200,
};

const BODY_BYTES = 16 * 1024;
/** Routes whose bodies hold lists. */
const largerBodies: { readonly [Id in RouteId]?: number } = {
	"devices.twin": 256 * 1024,
	"rollouts.create": 1024 * 1024,
};

/**
 * Registers the contract's whole table under `/api/1`: parsing, who may, limits, errors and the form of the answers are decided here, in
 * one place; the handlers only do what is asked.
 */
export async function registerApi(app: FastifyInstance, options: RegisterApiOptions): Promise<void> {
	const { handlers, callers, origin, clock, log } = options;
	const secure = origin.startsWith("https:");
	const cookie = secure ? "__Host-incamera" : "incamera";
	const perMinute = { ...usualLimits, ...options.limits };
	const limits = {
		address: new RequestLimit({ clock, perMinute: perMinute.address }),
		signIn: new RequestLimit({ clock, perMinute: perMinute.signIn }),
		caller: new RequestLimit({ clock, perMinute: perMinute.caller }),
	};
	const ending = new AbortController();
	await app.register(
		async (api) => {
			await api.register(fastifyCookie);
			api.decorateRequest("caller", null);
			api.removeAllContentTypeParsers();
			const parseJson = api.getDefaultJsonParser("error", "error");
			api.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
				if (body === "") done(null, undefined);
				else parseJson(request, body as string, done);
			});
			api.addHook("onRequest", async (request) => {
				const address = networkOf(options.addressOf?.(request) ?? request.ip);
				allow(limits.address.take(address));
				const token = request.cookies[cookie];
				refuseCrossSite(request, token !== undefined, origin);
				const id = request.routeOptions.config.route;
				if (!id) return;
				const { access } = routes[id];
				if (access === "public") return allow(limits.signIn.take(address));
				request.caller = await callers.find({ authorization: request.headers.authorization, session: token });
				const refusal = refusalOf(access, request.caller);
				if (refusal) throw new RoomError(refusal, refusals[refusal]);
				allow(limits.caller.take(request.caller?.actor ?? ""));
			});
			api.addHook("onSend", async (_request, reply) => {
				reply.header("cache-control", "no-store");
			});
			api.addHook("onResponse", async (request, reply) => {
				const id = request.routeOptions.config.route;
				if (id) options.onAnswer?.(id, reply.statusCode, reply.elapsedTime / 1000);
			});
			api.setNotFoundHandler((_request, reply) => fail(reply, notFound("address"), null));
			api.setErrorHandler((error, request, reply) => {
				const id = request.routeOptions.config.route ?? null;
				const unexpected = fail(reply, error, id && routes[id]);
				if (unexpected) log.write("error", "api.failed", { route: id ?? "none", code: unexpected });
			});
			for (const id of Object.keys(routes) as RouteId[]) {
				const route: Route = routes[id];
				const handler = handlers[id] as (call: CallOf<Route>) => Promise<unknown> | AsyncIterable<unknown>;
				api.route({
					method: route.method,
					url: route.path.replaceAll(/\{(\w+)\}/g, ":$1"),
					config: { route: id },
					bodyLimit: largerBodies[id] ?? BODY_BYTES,
					exposeHeadRoute: false,
					handler: async (request, reply) => {
						const { caller } = request;
						const signal = AbortSignal.any([ending.signal, goneSignal(reply)]);
						const stillAllowed = async () => {
							const now = caller && (await callers.check(caller));
							return refusalOf(route.access, now) === null;
						};
						const result = handler({
							...(parseRequest(route, request) as Pick<CallOf<Route>, "params" | "query" | "body">),
							caller,
							actor: caller?.actor ?? null,
							signal,
							stillAllowed,
							setSession: (token) => {
								const attributes = { path: "/", httpOnly: true, sameSite: "strict", secure } as const;
								if (token) reply.setCookie(cookie, token, { ...attributes, maxAge: SESSION_MS / 1000 });
								else reply.clearCookie(cookie, attributes);
							},
						} as CallOf<Route>);
						if (!route.response) {
							await result;
							return reply.code(204).send();
						}
						const encode = encoderOf(route.response);
						if (!route.stream) {
							return reply.type("application/json; charset=utf-8").send(encode((await result) as object));
						}
						const items = result as AsyncIterable<object>;
						return reply
							.type("text/event-stream; charset=utf-8")
							.send(eventStream({ items, encode, clock, stillAllowed }));
					},
				});
			}
			api.addHook("preClose", async () => {
				ending.abort();
				for (const limit of Object.values(limits)) limit.close();
			});
		},
		{ prefix: API_ROOT },
	);
}

/** Answers with what was thrown; returns the code for the log, if nobody foresaw it. */
function fail(reply: FastifyReply, thrown: unknown, route: Route | null): string | undefined {
	const { status, failure, retryAfterMs, unexpected } = failedAnswer(thrown, route);
	if (retryAfterMs) reply.header("retry-after", Math.ceil(retryAfterMs / 1000));
	reply.code(status).type("application/json; charset=utf-8").send(JSON.stringify(failure));
	return unexpected;
}

const refusals = {
	"api.not_signed_in": "sign in, or send an API token",
	"api.forbidden": "this role or token may not do that",
};

function allow(waitMs: number): void {
	if (waitMs <= 0) return;
	throw new RoomError("api.too_many", "too many requests; come back later", { context: { retryAfterMs: waitMs } });
}

function refuseCrossSite(request: FastifyRequest, withCookie: boolean, own: string): void {
	const { origin, "sec-fetch-site": site } = request.headers;
	const from = {
		method: request.method,
		origin,
		site: typeof site === "string" ? site : undefined,
		withCookie,
	};
	if (isCrossSite(from, own)) {
		throw new RoomError(
			"api.forbidden",
			"only this service's own pages may ask; is `origin` configured as it is opened?",
		);
	}
}

/** Aborts when the connection ends before the answer did. */
function goneSignal(reply: FastifyReply): AbortSignal {
	const gone = new AbortController();
	reply.raw.once("close", () => gone.abort());
	return gone.signal;
}

/** What leaves has exactly the declared keys. Watchers get one and the same object: it is written once. */
function encoderOf(schema: NonNullable<Route["response"]>): (value: object) => string {
	return (value) => {
		const known = written.get(value);
		if (known !== undefined) return known;
		const parsed = schema.safeParse(value);
		if (!parsed.success) {
			throw new RoomError("api.unexpected", "an answer does not fit its schema", { cause: parsed.error });
		}
		const text = JSON.stringify(parsed.data);
		written.set(value, text);
		return text;
	};
}
const written = new WeakMap<object, string>();
