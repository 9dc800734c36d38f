/** What a start of the appliance brought about. */
export interface Seen {
	/** The room program can be used: by a room, or for a code at a device that nobody owns yet. */
	room: boolean;
	/** A page says that it has drawn. A unit that is "active" is no proof: a compositor may hang behind it. */
	painted: boolean;
	/** Every element of a call is there, and codecs encode and decode. */
	media: boolean;
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
