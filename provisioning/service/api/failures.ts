import { RoomError } from "../../../device/core/RoomError.ts";
import { commonErrors, type Route } from "../../contract/http/route.ts";
import type { Failure } from "../../contract/http/shapes.ts";

export interface FailedAnswer {
	status: number;
	failure: Failure;
	retryAfterMs?: number;
	/** The code of what nobody foresaw: for the log, not for the caller. */
	unexpected?: string;
}

/** Fastify's own errors carry a status. */
const statusCode = (thrown: unknown): number | null => {
	const status = (thrown as { statusCode?: unknown } | null)?.statusCode;
	return typeof status === "number" && !(thrown instanceof RoomError) ? status : null;
};

const known: Readonly<Record<string, number>> = commonErrors;

/** The answer to what was thrown. A code that the contract does not promise for this route is `api.unexpected`. */
export function failedAnswer(thrown: unknown, route: Route | null): FailedAnswer {
	const status = statusCode(thrown);
	if (status === 413) return answer("api.too_large", 413, "the request is larger than it may be");
	if (status !== null && status < 500) return answer("api.malformed", 400, "that is no JSON request of this service");
	const { code, message, context } = RoomError.from(thrown, "error.unexpected");
	const promised = route?.errors?.[code] ?? known[code];
	if (promised === undefined || code === "api.unexpected") {
		return {
			...answer("api.unexpected", 500, "something went wrong in the service; its log says more"),
			unexpected: code,
		};
	}
	const failed = answer(code, promised, message);
	const { key, retryAfterMs } = context;
	if (typeof key === "string" && key) failed.failure.key = key;
	if (typeof retryAfterMs === "number") failed.retryAfterMs = retryAfterMs;
	return failed;
}

const answer = (code: string, status: number, message: string): FailedAnswer => ({
	status,
	failure: { code, message },
});

export const notFound = (what: string): RoomError => new RoomError("api.not_found", `there is no such ${what}`);
