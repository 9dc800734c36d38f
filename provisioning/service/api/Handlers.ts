import type { RequestOf, ResponseOf, Route } from "../../contract/http/route.ts";
import type { RouteId, Routes } from "../../contract/http/routes.ts";
import type { Caller, PersonCaller } from "./Caller.ts";

/** Who may reach a handler: what the table says of the route was checked before. */
type CallerOf<R extends Route> = R["access"] extends "public"
	? null
	: R["access"] extends "signed-in"
		? PersonCaller
		: Caller;

export type CallOf<R extends Route> = RequestOf<R> & {
	caller: CallerOf<R>;
	/** For the audit log and the domain. */
	actor: CallerOf<R> extends null ? null : string;
	/** The caller went away, or the service ends. */
	signal: AbortSignal;
	/** Asks again whether this caller may, without counting as being there. */
	stillAllowed(): Promise<boolean>;
	/** Gives the browser its session's token; null takes it away. */
	setSession(token: string | null): void;
};

type AnswerOf<R extends Route> = R extends { stream: true }
	? AsyncIterable<ResponseOf<R>>
	: Promise<R extends { response: object } ? ResponseOf<R> : void>;

/** One for each route of the contract; a missing one does not compile. They throw RoomErrors with the codes that the contract gives. */
export type Handlers = { [Id in RouteId]: (call: CallOf<Routes[Id]>) => AnswerOf<Routes[Id]> };

/** Those of an area, for a file of handlers. */
export type HandlersOf<Area extends string> = Pick<Handlers, Extract<RouteId, `${Area}.${string}`>>;
