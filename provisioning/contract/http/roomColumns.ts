import type { DeviceSummary } from "./shapes.ts";

const moment = (ms: number | null | undefined): string => (ms == null ? "" : new Date(ms).toISOString());

/**
 * The wall of rooms as a table, for spreadsheets: console and command line save the same. Titles are for programs too, and stay as they are.
 * Like a summary they hold no person, title or link.
 */
export const roomColumns: readonly { title: string; of: (room: DeviceSummary) => string }[] = [
	{ title: "id", of: ({ id }) => id },
	{ title: "name", of: ({ name }) => name },
	{ title: "state", of: ({ state }) => state },
	{ title: "online", of: ({ online }) => String(online) },
	{ title: "last_seen_at", of: ({ lastSeenAt }) => lastSeenAt ?? "" },
	{ title: "activity", of: ({ status }) => status?.activity ?? "" },
	{ title: "trouble", of: ({ status }) => status?.trouble ?? "" },
	{ title: "missing", of: ({ status }) => status?.missing.join(" ") ?? "" },
	{ title: "busy_until", of: ({ status }) => moment(status?.busyUntil) },
	{ title: "next_busy_at", of: ({ status }) => moment(status?.nextBusyAt) },
	{
		title: "equipment",
		of: ({ status }) =>
			(status?.peripherals ?? [])
				.map(({ id, kind, state, failure }) => [kind, id, state, failure].filter(Boolean).join(" "))
				.join("; "),
	},
	{ title: "firmware", of: ({ firmware }) => firmware ?? "" },
	{ title: "twin", of: ({ twin }) => twin },
	{ title: "job", of: ({ job }) => job?.state ?? "" },
	{ title: "job_percent", of: ({ job }) => (job?.pct == null ? "" : String(job.pct)) },
];
