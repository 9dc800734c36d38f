/** What a start of the appliance brought about. */
export interface Seen {
	/** The room program can be used: by a room, or to see what somebody else has to do first. */
	room: boolean;
	/** A page says that it has drawn. A unit that is "active" is no proof: a compositor may hang behind it. */
	painted: boolean;
	/** Every element of a call is there, and codecs encode and decode. */
	media: boolean;
}

/**
 * Why there is no room, and no other start would make one: nobody owns the device yet, or its fleet said what it can't be, or its identity can't be
 * used. Its panel says so. Firmware that is itself the reason does not pass its trial.
 */
const helpless = ["room.unclaimed", "room.twin_refused", "room.identity_refused"];

/**
 * What the room program's `/healthz` says of it, as far as a firmware answers for it.
 *
 * @param answer its JSON, of which nothing is trusted; `reason` why it is not ready
 */
export function readHealth(ok: boolean, answer: unknown): Pick<Seen, "room" | "painted"> & { reason: string } {
	const { reason, painted } = Object(answer) as { reason?: unknown; painted?: unknown };
	const why = ok ? "" : String(reason);
	return { room: ok || helpless.includes(why), painted: typeof painted === "number" && painted > 0, reason: why };
}

export type Verdict = "healthy" | { missing: (keyof Seen)[] };

/** Whether this start made a usable room. The network is no part of it: without one the old firmware wouldn't do better. */
export function judgeHealth(seen: Seen): Verdict {
	const missing = (Object.keys(seen) as (keyof Seen)[]).filter((part) => !seen[part]);
	return missing.length === 0 ? "healthy" : { missing };
}

/** The reason that the fleet reads of a firmware that was rolled back: the first thing that was missing, since the others follow from it. */
export function failureCode({ missing }: Exclude<Verdict, "healthy">): string {
	const codes = { room: "update.room_not_ready", painted: "update.panel_not_painted", media: "update.media_broken" };
	return codes[missing[0] ?? "room"];
}
