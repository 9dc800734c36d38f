import { type Announcement, readAnnouncement } from "../../fleet/announcements.ts";

/** Devices of one change at most, as the contract says; more: all. */
const DEVICES = 200;
export const isMuch = (devices: { readonly size: number }): boolean => devices.size > DEVICES;

/** What changed, gathered. */
export interface LiveNews {
	/** Null: any may have. */
	devices: ReadonlySet<string> | null;
	rollouts: ReadonlySet<string>;
	enrolments: boolean;
	events: boolean;
}

export const noNews: LiveNews = { devices: new Set(), rollouts: new Set(), enrolments: false, events: false };

export const isNews = ({ devices, rollouts, enrolments, events }: LiveNews): boolean =>
	devices === null || devices.size > 0 || rollouts.size > 0 || enrolments || events;

/** What was known and what an announcement adds; bounded, however many come. */
export function gather(known: LiveNews, payload: string | null): LiveNews {
	const said: Announcement = readAnnouncement(payload);
	const devices = known.devices && said.devices && new Set([...known.devices, ...said.devices]);
	const rollouts = new Set([...known.rollouts, ...said.rollouts]);
	return {
		devices: devices && isMuch(devices) ? null : devices,
		// There are a few at a time; a page that misses one has it when it asks again.
		rollouts: isMuch(rollouts) ? known.rollouts : rollouts,
		enrolments: known.enrolments || said.enrolments,
		events: known.events || said.events,
	};
}
