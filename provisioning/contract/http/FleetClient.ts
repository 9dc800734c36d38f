import { API_ROOT, type RequestOf, type ResponseOf, type Route } from "./route.ts";
import { type RouteId, type Routes, routes } from "./routes.ts";
import { failure } from "./shapes.ts";

/** What the API answered, or that it did not: `api.unreachable`, `api.answer_malformed`, and the codes of the contract. */
export class FleetFailure extends Error {
	override readonly name = "FleetFailure";
	readonly code: string;
	/** HTTP's; 0: there was no answer. */
	readonly status: number;
	/** Which key of the request, for `api.malformed`. */
	readonly key: string | null;

	constructor(code: string, message: string, options: { status: number; key?: string | undefined; cause?: unknown }) {
		super(message, options.cause === undefined ? undefined : { cause: options.cause });
		this.code = code;
		this.status = options.status;
		this.key = options.key ?? null;
	}
}

type Given<R extends Route> = {
	[Part in keyof RequestOf<R> as RequestOf<R>[Part] extends undefined ? never : Part]: RequestOf<R>[Part];
};
/** What a route takes; nothing where all of it may be left out. */
export type CallRequest<R extends Route> = object extends Given<R>["query" & keyof Given<R>]
	? Omit<Given<R>, "query"> & Partial<Pick<Given<R>, "query" & keyof Given<R>>>
	: Given<R>;
/** Ids of routes that answer once, and of those that go on. */
export type StreamId = { [Id in RouteId]: Routes[Id] extends { stream: true } ? Id : never }[RouteId];
export type CallId = Exclude<RouteId, StreamId>;

export interface FleetClientOptions {
	/** Origin of the service; empty in a page of its own. */
	origin: string;
	/** An API token; absent: the page's session cookie. */
	token?: string;
	fetch?: typeof globalThis.fetch;
}

/** The fleet's HTTP API for pages and programs: typed by the contract, and what comes back is parsed by it. */
export class FleetClient {
	readonly #options: FleetClientOptions;
	readonly #fetch: typeof globalThis.fetch;

	constructor(options: FleetClientOptions) {
		this.#options = options;
		this.#fetch = options.fetch ?? globalThis.fetch.bind(globalThis);
	}

	/** Error: `FleetFailure`; an aborted call rejects with the signal's reason. */
	async call<Id extends CallId>(
		id: Id,
		request?: CallRequest<Routes[Id]>,
		signal?: AbortSignal,
	): Promise<ResponseOf<Routes[Id]>> {
		const answer = await this.#send(id, request ?? {}, signal);
		const { response } = routes[id] as Route;
		if (!response) return undefined as ResponseOf<Routes[Id]>;
		const body = await answer.json().catch(() => undefined);
		const parsed = response.safeParse(body);
		if (parsed.success) return parsed.data as ResponseOf<Routes[Id]>;
		throw new FleetFailure("api.answer_malformed", "the answer is not of the contract", { status: answer.status });
	}

	/** Each event of a stream, until it ends, breaks (`FleetFailure`), or `signal` ends it. Whoever wants more of it calls again. */
	async *watch<Id extends StreamId>(id: Id, signal: AbortSignal): AsyncGenerator<ResponseOf<Routes[Id]>> {
		const answer = await this.#send(id, {}, signal);
		const { response } = routes[id] as Route;
		const events = eventsOf(answer);
		for (;;) {
			let next: IteratorResult<unknown>;
			try {
				next = await events.next();
			} catch (cause) {
				signal.throwIfAborted();
				throw new FleetFailure("api.unreachable", "the line to the fleet service broke", { status: 0, cause });
			}
			if (next.done) return;
			const parsed = response?.safeParse(next.value);
			if (parsed?.success) yield parsed.data as ResponseOf<Routes[Id]>;
		}
	}

	async #send(id: RouteId, request: object, signal?: AbortSignal): Promise<Response> {
		const { params = {}, query = {}, body } = request as { params?: object; query?: object; body?: unknown };
		const { method, path } = routes[id] as Route;
		const place = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
			encodeURIComponent(String((params as Record<string, unknown>)[name])),
		);
		const search = new URLSearchParams(query as Record<string, string>).toString();
		const { origin, token } = this.#options;
		let answer: Response;
		try {
			answer = await this.#fetch(`${origin}${API_ROOT}${place}${search ? `?${search}` : ""}`, {
				method,
				headers: {
					...(body === undefined ? {} : { "content-type": "application/json" }),
					...(token ? { authorization: `Bearer ${token}` } : {}),
				},
				...(body === undefined ? {} : { body: JSON.stringify(body) }),
				credentials: token ? "omit" : "same-origin",
				// a token is for this service, whatever it answers
				redirect: "error",
				...(signal ? { signal } : {}),
			});
		} catch (cause) {
			signal?.throwIfAborted();
			throw new FleetFailure("api.unreachable", "the fleet service can't be reached", { status: 0, cause });
		}
		if (answer.ok) return answer;
		const told = failure.safeParse(await answer.json().catch(() => undefined));
		throw told.success
			? new FleetFailure(told.data.code, told.data.message, { status: answer.status, key: told.data.key })
			: new FleetFailure("api.answer_malformed", "the answer is not of the contract", { status: answer.status });
	}
}

/** Values of a stream of server-sent events (HTML, section 9.2.6): `data:` lines, an empty line between events. */
async function* eventsOf(answer: Response): AsyncGenerator<unknown> {
	const decoder = new TextDecoder();
	let text = "";
	let data = "";
	for await (const chunk of answer.body ?? []) {
		text += decoder.decode(chunk, { stream: true });
		const lines = text.split(/\r\n|\n|\r/);
		text = lines.pop() ?? "";
		for (const line of lines) {
			if (line.startsWith("data:")) data += line.slice(5).trimStart();
			else if (line === "" && data) {
				yield readJson(data);
				data = "";
			}
		}
	}
}

function readJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
