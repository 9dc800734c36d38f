import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findJoinLink } from "../../../device/calendar/joinLink.ts";
import { LINK } from "./ics.ts";

const bare = LINK.replace(/#.*/, "");
const found = { link: LINK, why: null, service: null };
const stripped = { link: null, why: "link_stripped", service: null };

describe("an InCamera link", () => {
	test.each([
		["alone", LINK],
		["in a sentence", `Bitte hier beitreten: ${LINK}.`],
		["in angle brackets", `<${LINK}>`],
		["in HTML", `<a href="${LINK}">beitreten</a>`],
		["with escaped entities", LINK.replace("#", "&#35;").replaceAll("/", "&#x2F;")],
		["escaped twice", LINK.replace("#", "&amp;#35;")],
		["broken over lines", `${LINK.slice(0, 60)}\r\n  ${LINK.slice(60)}\n`],
		["with soft hyphens", `${LINK.slice(0, 70)}\u00AD${LINK.slice(70)}`],
		["with word breaks", `${LINK.slice(0, 70)}<wbr>${LINK.slice(70)}`],
		[
			"wrapped by a mail filter",
			`https://eur01.safelinks.protection.example.com/?url=${encodeURIComponent(LINK)}&data=05%7C01`,
		],
	])("is found %s", (_, text) => {
		expect(findJoinLink([text])).toEqual(found);
	});

	test.each(["http://127.0.0.1:8080", "http://localhost", "http://[::1]:1", "https://meet.example.org:8443"])(
		"may be of %s",
		(origin) => {
			const link = LINK.replace("https://meet.example.org", origin);
			expect(findJoinLink([link]).link).toBe(link);
		},
	);

	test("without encryption of the page is none, except on this very machine", () => {
		expect(findJoinLink([LINK.replace("https:", "http:")])).toEqual({ link: null, why: "no_link", service: null });
		expect(findJoinLink([LINK.replace("https://meet.example.org", "http://127.0.0.1.example.org")]).link).toBeNull();
	});

	test.each([
		["without fragment", bare],
		["with an emptied fragment", `${bare}#`],
		["with a fragment cut short", LINK.slice(0, -10)],
		["with a fragment that goes on", `${LINK}x`],
		["of a version that is not known", LINK.replace("#1.", "#2.")],
	])("%s was spoilt on its way", (_, text) => {
		expect(findJoinLink([text])).toEqual(stripped);
	});

	test("wins wherever it stands, over a spoilt copy and over foreign services", () => {
		expect(findJoinLink([bare, "https://zoom.us/j/123456789", `x ${LINK}`])).toEqual(found);
		expect(findJoinLink(["https://zoom.us/j/123456789", bare])).toEqual(stripped);
	});

	test("is found in any surroundings that don't continue it", () => {
		const around = fc.string({ maxLength: 200 }).filter((text) => !/[#&%]|\S$/.test(text));
		fc.assert(
			fc.property(around, around, (before, after) => {
				expect(findJoinLink([`${before} ${LINK} ${after}`])).toEqual(found);
			}),
		);
	});
});

describe("a foreign service is named", () => {
	test.each([
		["Teams", "https://teams.microsoft.com/l/meetup-join/19%3ameeting_abc"],
		["Teams", "https://teams.live.com/meet/123"],
		["Zoom", "Join: https://company.zoom.us/j/1234567890?pwd=abc"],
		["Zoom", "https://zoom.us/my/somebody"],
		["Google Meet", "https://meet.google.com/abc-defg-hij"],
		["Webex", "https://company.webex.com/meet/somebody"],
	])("%s", (service, text) => {
		expect(findJoinLink(["Raum 1", text])).toEqual({ link: null, why: "unknown_service", service });
	});

	test("but not for a host that only looks like it", () => {
		for (const text of ["https://zoom.us.example.org/j/1", "https://notzoom.us/j/1", "teams.microsoft.com"]) {
			expect(findJoinLink([text])).toEqual({ link: null, why: "no_link", service: null });
		}
	});
});

test("nothing that is no link is taken for one, and no text is too strange", () => {
	expect(findJoinLink([])).toEqual({ link: null, why: "no_link", service: null });
	fc.assert(
		fc.property(fc.array(fc.string({ unit: "binary", maxLength: 500 }), { maxLength: 5 }), (texts) => {
			expect(findJoinLink(texts).link).toBeNull();
		}),
	);
});
