import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RoomError } from "../../../device/core/RoomError.ts";
import { createLink, formatLink, type Link, parseLink, rendezvousUrl } from "../../../device/meeting/link.ts";

const caPin = new Uint8Array(32).fill(7);
const link = createLink({ origin: "https://meet.example", caPin });
const text = formatLink(link);

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const links = fc
	.record({ id: bytes(16), secret: bytes(32), pin: bytes(32), host: fc.constantFrom("meet.example", "a.b:8443") })
	.map(
		({ id, secret, pin, host }): Link => ({
			origin: `https://${host}`,
			meetingId: id.toBase64({ alphabet: "base64url", omitPadding: true }),
			secret: new Uint8Array(secret),
			caPin: new Uint8Array(pin),
		}),
	);

const codeOf = (act: () => unknown): string => {
	try {
		act();
	} catch (error) {
		return error instanceof RoomError ? error.code : "not a RoomError";
	}
	return "accepted";
};

describe("a meeting's link", () => {
	it("survives being written and read", () => {
		fc.assert(
			fc.property(links, (any) => {
				expect(parseLink(formatLink(any))).toEqual(any);
			}),
		);
	});

	it("is never read where a character is missing, added or another", () => {
		const last = text.length - 1;
		fc.assert(
			fc.property(fc.nat(last), fc.constantFrom("", "x", "#", "/", ".", "%", "\u{1f600}", "\n"), (index, put) => {
				const changed = text.slice(0, index) + put + text.slice(index + 1);
				fc.pre(changed.trim() !== text);
				const code = codeOf(() => {
					const read = parseLink(changed, { hosts: ["meet.example"] });
					// What still reads as a link must be another one, and whole.
					if (formatLink(read) !== changed) throw new RoomError("link.invalid", "read as something else");
				});
				expect(["accepted", "link.invalid", "link.version_unknown", "link.other_host"]).toContain(code);
			}),
		);
	});

	it("is never read from anything else", () => {
		fc.assert(
			fc.property(fc.string({ unit: "binary" }), (any) => {
				expect(codeOf(() => parseLink(any))).toBe("link.invalid");
			}),
		);
	});

	it.each([
		["truncated", text.slice(0, -1), "link.invalid"],
		["without a fragment", text.slice(0, text.indexOf("#")), "link.invalid"],
		["of a newer version", text.replace("#1.", "#2."), "link.version_unknown"],
		["without a version", text.replace("#1.", "#"), "link.invalid"],
		["with a further part", `${text}.x`, "link.invalid"],
		["over plain http", text.replace("https:", "http:"), "link.invalid"],
		["of another scheme", text.replace("https:", "javascript:"), "link.invalid"],
		["with a user in it", text.replace("https://", "https://a:b@"), "link.invalid"],
		["with a query", text.replace("#", "?a=1#"), "link.invalid"],
		["on another path", text.replace("/j/", "/k/"), "link.invalid"],
		["of another host", text.replace("meet.example", "evil.example"), "link.other_host"],
		["of the right host on another port", text.replace("meet.example", "meet.example:444"), "link.other_host"],
		["very long", text + "A".repeat(2000), "link.invalid"],
	])("%s is refused by name", (_, changed, code) => {
		expect(codeOf(() => parseLink(changed, { hosts: ["meet.example"] }))).toBe(code);
	});

	it("refuses a secret with unused bits set, so that one meeting has one link", () => {
		const secret = text.split(".").at(-2) ?? "";
		const last = secret.at(-1) ?? "";
		const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
		const twin = secret.slice(0, -1) + alphabet[alphabet.indexOf(last) ^ 1];
		expect(codeOf(() => parseLink(text.replace(secret, twin)))).toBe("link.invalid");
	});

	it.each(["http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"])(
		"allows %s, on this machine",
		(origin) => {
			const local = createLink({ origin, caPin });
			expect(parseLink(formatLink(local))).toEqual(local);
			expect(rendezvousUrl(local)).toBe(`${origin.replace("http", "ws")}/rendezvous`);
		},
	);

	it("takes spaces around a pasted link", () => {
		expect(parseLink(` ${text}\n`)).toEqual(link);
	});

	it("is another one each time", () => {
		const other = createLink({ origin: "https://meet.example", caPin });
		expect(other.meetingId).not.toBe(link.meetingId);
		expect(other.secret).not.toEqual(link.secret);
	});

	it("never shows in an error", () => {
		const secret = text.slice(text.indexOf("#") + 1);
		for (const changed of [`${text}.x`, text.replace("#1.", "#2."), text.replace("https", "ftp")]) {
			try {
				parseLink(changed);
				expect.unreachable();
			} catch (error) {
				const { message, context } = error as RoomError;
				expect(JSON.stringify({ message, context })).not.toContain(secret.slice(3, 20));
				expect(JSON.stringify({ message, context })).not.toContain(link.meetingId);
			}
		}
	});
});
