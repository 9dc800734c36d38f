import type { TwinDoc, TwinError } from "../../provisioning/contract/twin.ts";
import { isProtected } from "../core/loopback.ts";

/** What the fleet wants this room to be, checked against what only the device can know. */
export interface TwinSettings {
	name: string;
	seats: number | null;
	locale: "de" | "en";
	timeZone: string;
	/** The other rooms that can be called from here. */
	directory: { id: string; name: string }[];
	/** Origin. */
	rendezvous: string;
	showTitles: boolean;
}

/** The second judge of a document, after the contract's schema: with any error nothing of it is applied. */
export function judgeTwin(
	doc: TwinDoc,
	own: { deviceId: string /** As told at enrolment. */; rendezvous: string },
): { ok: true; settings: TwinSettings } | { ok: false; errors: TwinError[] } {
	const errors: TwinError[] = [];
	const wrong = (key: string): void => void errors.push({ key, code: "twin.invalid" });
	if (!isTimeZone(doc.room.timeZone)) wrong("room.timeZone");
	const rendezvous = originOf(doc.rendezvous ?? own.rendezvous);
	if (rendezvous === null) wrong("rendezvous");
	const seen = new Set<string>();
	for (const [place, { id }] of doc.directory.entries()) {
		if (seen.has(id)) wrong(`directory.${place}.id`);
		seen.add(id);
	}
	if (errors.length > 0 || rendezvous === null) return { ok: false, errors: errors.slice(0, 50) };
	const { name, seats, locale, timeZone } = doc.room;
	// the fleet may give all rooms one list: nobody calls oneself
	const directory = doc.directory.filter(({ id }) => id !== own.deviceId);
	const settings = { name, seats: seats ?? null, locale, timeZone, directory, rendezvous, showTitles: doc.showTitles };
	return { ok: true, settings };
}

function isTimeZone(name: string): boolean {
	try {
		return Boolean(new Intl.DateTimeFormat("en", { timeZone: name }));
	} catch {
		return false;
	}
}

/** Signalling is sealed in any case, but the guest page comes from there: without TLS only on this very machine. */
function originOf(address: string): string | null {
	const url = URL.parse(address);
	if (!url || url.username || url.password || url.search || url.hash || url.pathname !== "/") return null;
	return isProtected(url) ? url.origin : null;
}
