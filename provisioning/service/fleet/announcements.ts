import * as z from "zod/mini";
import type { Db } from "../db/Database.ts";
import { notify } from "../db/Notifications.ts";

/** What a transaction changed, for whoever shows it: said by `announce`, heard by `database.listen(ANNOUNCEMENTS, …)`. */
export interface Announcement {
	/** Ids of devices whose summary may differ now; null: too many to name, any may. */
	devices: readonly string[] | null;
	rollouts: readonly string[];
	/** Whether codes were made, used or withdrawn. */
	enrolments: boolean;
	/** Whether there are new events. */
	events: boolean;
}

export const ANNOUNCEMENTS = "announcements";

/** PostgreSQL takes 7999 bytes: 41 with quotes and comma for an id. */
const DEVICES_MOST = 150;
const announcement = z.object({
	devices: z.nullable(z.array(z.string())),
	rollouts: z.array(z.string()),
	enrolments: z.boolean(),
	events: z.boolean(),
});

/** Says, when `trx` is committed, what it changed; nothing if nothing is named. */
export async function announce(trx: Db, change: Partial<Announcement>): Promise<void> {
	const { devices = [], rollouts = [], enrolments = false, events = false } = change;
	const named = devices && devices.length <= DEVICES_MOST ? devices : null;
	if (named?.length === 0 && rollouts.length === 0 && !enrolments && !events) return;
	const said: Announcement = { devices: named, rollouts: rollouts.slice(0, 20), enrolments, events };
	await notify(trx, ANNOUNCEMENTS, JSON.stringify(said));
}

/** What was said; a payload of null (some were missed) or one that can't be read means: anything may have changed. */
export function readAnnouncement(payload: string | null): Announcement {
	try {
		return announcement.parse(JSON.parse(payload ?? ""));
	} catch {
		return { devices: null, rollouts: [], enrolments: true, events: true };
	}
}
