/**
 * What can be wrong with what comes on a topic, each fault for each topic. A topic that is new does not compile before it stands in these tables.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readRevocationList } from "../../../provisioning/agent/identity/revocationList.ts";
import { decodePayload, PAYLOAD_BYTES } from "../../../provisioning/contract/envelope.ts";
import { topics } from "../../../provisioning/contract/topics.ts";
import { type TopicName, topicMessages } from "./topicMessages.ts";

const names = Object.keys(topicMessages) as TopicName[];
const json = names.flatMap((name) => {
	const form = topicMessages[name];
	return form ? [{ name, ...form }] : [];
});
const bytes = (value: unknown): Uint8Array => Buffer.from(typeof value === "string" ? value : JSON.stringify(value));

test("the tables name every topic", () => {
	expect([...names, "rings"].sort()).toEqual(Object.keys(topics).sort());
});

/** What a part of a message is, instead of what it should be; those that JSON or a database once took badly are tried in each run. */
const wrong = [null, "", -1, 1.5, 2 ** 53, 1e308, true, [], {}, [[]], "\u0000", "\ud800", { __proto__: 1 }] as const;

describe.each(json)("on $name", ({ schema, message }) => {
	const read = (value: unknown) => decodePayload(schema, bytes(value));

	test("what is right is understood, also with keys of a later fleet", () => {
		expect(read({ ...message, later: 1 })).toMatchObject({ ok: true, value: message });
	});

	test("a part of a wrong type, or a part that is missing, is refused or is another right message", () => {
		const keys = Object.keys(message);
		for (const key of keys.filter((key) => !["doc", "args"].includes(key))) {
			// none of them is a word, a number of a time or a version
			expect(read({ ...message, [key]: [[]] })).toMatchObject({ ok: false });
			expect(read({ ...message, [key]: undefined })).toMatchObject({ ok: false });
		}
		fc.assert(
			fc.property(fc.constantFrom(...keys), fc.oneof(fc.jsonValue({ maxDepth: 5 }), fc.string()), (key, value) => {
				const decoded = read({ ...message, [key]: value });
				if (decoded.ok) expect(schema.safeParse(decoded.value).success).toBe(true);
				else expect(["malformed", "version_unknown"]).toContain(decoded.reason);
			}),
			{ examples: keys.flatMap((key) => wrong.map((value): [string, fc.JsonValue] => [key, value as fc.JsonValue])) },
		);
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 500 }), (noise) => {
				expect(decodePayload(schema, noise).ok).toBe(false);
			}),
		);
	});

	test("what is huge is not even read", () => {
		expect(read({ ...message, filling: "x".repeat(PAYLOAD_BYTES) })).toEqual({ ok: false, reason: "too_large" });
		expect(decodePayload(schema, new Uint8Array(64 * 2 ** 20))).toEqual({ ok: false, reason: "too_large" });
	});

	test("what is nested deep is refused, and takes nothing with it", () => {
		for (const depth of [100, 5000, PAYLOAD_BYTES / 2 - 200]) {
			const deep = `${"[".repeat(depth)}${"]".repeat(depth)}`;
			expect(read(deep)).toMatchObject({ ok: false });
			const objects = `${'{"a":'.repeat(depth / 3)}0${"}".repeat(depth / 3)}`;
			for (const inner of [deep, objects]) {
				const text = JSON.stringify({ ...message, later: 0 }).replace(/0\}$/, `${inner}}`);
				if (text.length < PAYLOAD_BYTES) expect(read(text)).toMatchObject({ ok: true });
			}
		}
	});

	test("another version, old or of the future, is refused as that, whatever else it holds", () => {
		for (const v of [0, -1, 2, 99, 1.5, 2 ** 53]) {
			expect(read({ ...message, v })).toEqual({ ok: false, reason: "version_unknown" });
			expect(read({ v, whatever: [] })).toEqual({ ok: false, reason: "version_unknown" });
		}
	});
});

describe("on revocations", () => {
	test("what is no list of ours is refused, whatever it is", () => {
		const block = (body: string) => `-----BEGIN X509 CRL-----\n${body}\n-----END X509 CRL-----\n`;
		const refused = (text: string) => {
			expect(() => readRevocationList(text, "")).toThrow(expect.objectContaining({ code: "revocations.malformed" }));
		};
		fc.assert(
			fc.property(fc.oneof(fc.string(), fc.base64String().map(block), fc.json()), (text) => refused(text)),
			{ examples: [[""], [block("")], [block("MIAA")], [block("MAA=")], [block("MIIBAA==")]] },
		);
		// DER, nested deep; and huge
		refused(block(Buffer.from("3080".repeat(5000), "hex").toString("base64")));
		refused(block("A".repeat(PAYLOAD_BYTES)));
	});
});

/** Shown by this test of that file; or it can't be, and why. */
type Shown = { in: string; by: string } | { never: string };
const order = ["duplicate", "reordered", "stale", "clock skew"] as const;

const tellings = (by: string): Shown => ({ in: "service/fleet/tellings.test.ts", by });
const words = (by: string): Shown => ({ in: "agent/session/words.test.ts", by });
const likeOnce = tellings("ends as if all had come once, in order and by a right clock");
const noOrder = (why: string): Shown => ({ never: why });
const unread = noOrder("nobody reads its time, and what is outdated is told by a number or by our own clock");

/** A message that is right, and comes twice, after its successor, long after (an old epoch, number or revision), or from a clock that is far off. */
const shown: Record<TopicName, Record<(typeof order)[number], Shown>> = {
	presence: { duplicate: likeOnce, reordered: likeOnce, stale: likeOnce, "clock skew": likeOnce },
	ring: {
		duplicate: { in: "../device/ringing/forgery.test.ts", by: "the same ring a second time" },
		reordered: {
			in: "../device/ringing/crossing.test.ts",
			by: "are in one call whatever arrives when, and neither hears busy",
		},
		stale: {
			in: "../device/ringing/hostileBroker.test.ts",
			by: "can't ring a second time with what it kept, for another room, under another name, or later",
		},
		"clock skew": {
			in: "../device/ringing/forgery.test.ts",
			by: "from an hour ahead",
		},
	},
	twinDesired: {
		duplicate: words("a twin that comes twice, or from a clock that is far off, is applied once"),
		reordered: {
			in: "agent/session/twin.test.ts",
			by: "older than one seen is a straggler within a connection, and what the fleet wants after the next",
		},
		stale: {
			in: "agent/session/twin.test.ts",
			by: "older than one seen is a straggler within a connection, and what the fleet wants after the next",
		},
		"clock skew": words("a twin that comes twice, or from a clock that is far off, is applied once"),
	},
	twinReported: { duplicate: likeOnce, reordered: likeOnce, stale: likeOnce, "clock skew": likeOnce },
	jobNext: {
		duplicate: words("a job that comes twice, late or from a clock that is far off is looked at once"),
		reordered: words("a job that comes twice, late or from a clock that is far off is looked at once"),
		stale: {
			in: "agent/jobs/JobDesk.test.ts",
			by: "that is over before it is begun, or older than one that was seen, is not begun",
		},
		"clock skew": words("a job that comes twice, late or from a clock that is far off is looked at once"),
	},
	jobStatus: { duplicate: likeOnce, reordered: likeOnce, stale: likeOnce, "clock skew": likeOnce },
	commandRequest: {
		duplicate: {
			in: "agent/session/commands.test.ts",
			by: "that comes twice is done once, also after the agent was started anew",
		},
		reordered: noOrder("each command is for itself"),
		stale: { in: "agent/session/commands.test.ts", by: "that comes too late is answered so, and not done" },
		"clock skew": words("commands from a clock that is far off are done: what counts is their end"),
	},
	commandResponse: {
		duplicate: {
			in: "service/commands/Commands.test.ts",
			by: "answers that are told again after later ones change nothing",
		},
		reordered: {
			in: "service/commands/Commands.test.ts",
			by: "answers that are told again after later ones change nothing",
		},
		stale: {
			in: "service/commands/Commands.test.ts",
			by: "what is not answered in time has expired, and an answer after that comes too late",
		},
		"clock skew": unread,
	},
	event: {
		duplicate: likeOnce,
		reordered: likeOnce,
		stale: likeOnce,
		"clock skew": {
			in: "service/events/events.test.ts",
			by: "a clock that is far off is no reason to lose what it says",
		},
	},
	certificateRequest: {
		duplicate: {
			in: "service/enrolment/renewal.test.ts",
			by: "an answer that was lost is asked for again; the one that is used counts, those before it end",
		},
		reordered: {
			in: "service/enrolment/renewal.test.ts",
			by: "an answer that was lost is asked for again; the one that is used counts, those before it end",
		},
		stale: {
			in: "service/enrolment/renewal.test.ts",
			by: "a request for another's name, noise, or too many of them: refused, and the device stays as it is",
		},
		"clock skew": unread,
	},
	certificateResponse: {
		duplicate: words("a certificate that was not asked for, or is answered again, is none"),
		reordered: words("a certificate that was not asked for, or is answered again, is none"),
		stale: words("a certificate that was not asked for, or is answered again, is none"),
		"clock skew": unread,
	},
	enrolConfirm: {
		duplicate: {
			in: "service/enrolment/renewal.test.ts",
			by: "a confirmation that comes again, from before the renewal, ends nothing",
		},
		reordered: {
			in: "service/enrolment/renewal.test.ts",
			by: "a confirmation that comes again, from before the renewal, ends nothing",
		},
		stale: {
			in: "service/enrolment/renewal.test.ts",
			by: "a confirmation that comes again, from before the renewal, ends nothing",
		},
		"clock skew": unread,
	},
	enrolUp: {
		duplicate: {
			in: "service/enrolment/enrolment.test.ts",
			by: "whose every message comes twice or three times ends as if once",
		},
		reordered: {
			in: "service/enrolment/handshake.test.ts",
			by: "whatever is sent in whatever order, nothing is issued twice and nothing without a proof",
		},
		stale: {
			in: "service/enrolment/enrolment.test.ts",
			by: "recorded and played to the fleet under another nonce is worth nothing",
		},
		"clock skew": unread,
	},
	enrolDown: {
		duplicate: words("a fleet whose every answer comes twice, in another order first, is joined once"),
		reordered: words("a fleet whose every answer comes twice, in another order first, is joined once"),
		stale: noOrder("an answer is bound to the nonces of its own attempt"),
		"clock skew": unread,
	},
	revocations: {
		duplicate: words("revocations of which an older list comes later stay as they are"),
		reordered: words("revocations of which an older list comes later stay as they are"),
		stale: words("revocations of which an older list comes later stay as they are"),
		"clock skew": noOrder("lists are compared with each other only, by the authority's clock"),
	},
};

describe.each(order)("%s", (fault) => {
	test.each(names)("on %s is shown by a test, or can't be", async (name) => {
		const proof = shown[name][fault];
		if ("never" in proof) return expect(proof.never).not.toBe("");
		const source = await readFile(join(import.meta.dirname, "..", proof.in), "utf8");
		// a test's name, or the name of a row of its table
		expect(source).toMatch(new RegExp(`(test\\(|\\[)"${RegExp.escape(proof.by)}"`));
	});
});
