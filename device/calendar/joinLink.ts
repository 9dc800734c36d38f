import type { JoinObstacle } from "./CalendarSource.ts";

/** What was found in the texts of one event. */
export interface JoinFinding {
	link: string | null;
	why: Exclude<JoinObstacle, "cancelled"> | null;
	service: string | null;
}

/** No more of one text is looked at: a link stands near the top, and a novel is no invitation. */
const TEXT_LIMIT = 32 * 1024;

/** `https://host/j/<16 bytes>#1.<32 bytes>.<32 bytes>`, base64url; http only on the machine itself (development). */
const origin = String.raw`(?:https:\/\/[A-Za-z0-9.-]{1,253}|http:\/\/(?:localhost|127\.0\.0\.1|\[::1\]))(?::\d{1,5})?`;
const meeting = String.raw`${origin}\/j\/[A-Za-z0-9_-]{22}`;
const whole = new RegExp(String.raw`${meeting}#1\.[A-Za-z0-9_-]{43}\.[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])`);
/** The same without a usable fragment: what some mail servers leave of a link. */
const stripped = new RegExp(`${meeting}(?![A-Za-z0-9_-])`);

const services: [name: string, host: RegExp][] = [
	["Teams", /\bhttps:\/\/(?:[a-z0-9-]+\.)*teams\.(?:microsoft\.(?:com|us)|live\.com|cloud\.microsoft)\//i],
	["Zoom", /\bhttps:\/\/(?:[a-z0-9-]+\.)*(?:zoom\.us|zoom\.com|zoomgov\.com)\/(?:j|my|s|w|wc)\//i],
	["Google Meet", /\bhttps:\/\/meet\.google\.com\/[a-z]/i],
	["Webex", /\bhttps:\/\/(?:[a-z0-9-]+\.)*webex\.com\/[a-z]/i],
];

/**
 * Finds the way into a meeting in the texts of an event, in order of trust (URL before description). A whole InCamera link in any of
 * them wins over a stripped one, and that over a foreign service: an invitation often carries more than one.
 *
 * Links are seen through what mail programs do to them: HTML entities and tags, soft line breaks, and wrapping in a "safe" link
 * that carries the true one percent-encoded.
 */
export function findJoinLink(texts: readonly string[]): JoinFinding {
	const readable = texts.flatMap((text) => readings(text.slice(0, TEXT_LIMIT)));
	for (const text of readable) {
		const [link] = whole.exec(text) ?? [];
		if (link) return { link, why: null, service: null };
	}
	if (readable.some((text) => stripped.test(text))) return { link: null, why: "link_stripped", service: null };
	for (const [service, host] of services) {
		if (readable.some((text) => host.test(text))) return { link: null, why: "unknown_service", service };
	}
	return { link: null, why: "no_link", service: null };
}

/** The ways in which one text can be read, the plainest first. */
function readings(text: string): string[] {
	const plain = unescapeHtml(text).replaceAll(/<wbr\s*\/?>|[\u00AD\u200B-\u200D\u2060\uFEFF]/gi, "");
	const unwrapped = plain.replaceAll(/\s*\r?\n\s*/g, "");
	const decoded = plain.replaceAll(/(?:%[0-9A-Fa-f]{2})+/g, decodePercent);
	return [...new Set([plain, decoded, unwrapped])];
}

const named: Record<string, string> = {
	amp: "&",
	num: "#",
	sol: "/",
	colon: ":",
	period: ".",
	lowbar: "_",
	hyphen: "-",
	quot: '"',
};

/** Character references as they occur in links; twice, since some programs escape what is escaped already. */
function unescapeHtml(text: string): string {
	const once = (from: string) =>
		from.replaceAll(/&(?:#(\d{1,5})|#x([0-9A-Fa-f]{1,4})|([a-z]{3,6}));/gi, (all, decimal, hex, name) => {
			if (name) return named[String(name).toLowerCase()] ?? all;
			return String.fromCharCode(decimal ? Number(decimal) : Number.parseInt(hex, 16));
		});
	return once(once(text));
}

function decodePercent(encoded: string): string {
	try {
		return decodeURIComponent(encoded);
	} catch {
		return encoded;
	}
}
