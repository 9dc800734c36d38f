import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PAYLOAD_BYTES } from "../../../../provisioning/contract/envelope.ts";
import { topics } from "../../../../provisioning/contract/topics.ts";
import { readFrame } from "../../../../provisioning/service/bus/readFrame.ts";
import { goodFrames } from "./frames.ts";

const ID = "dev-0123456789ab";
const bytes = (value: unknown): Uint8Array => Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
const read = (topic: string, value: unknown) => readFrame(topic, bytes(value));

/** Every place in a JSON value, as a path. */
const placesOf = (value: unknown, path: (string | number)[] = []): (string | number)[][] => [
	path,
	...(value !== null && typeof value === "object"
		? Object.entries(value).flatMap(([key, inner]) => placesOf(inner, [...path, key]))
		: []),
];
const put = (value: unknown, path: (string | number)[], other: unknown): unknown => {
	const [key, ...rest] = path;
	if (key === undefined) return other;
	if (Array.isArray(value))
		return value.map((inner, index) => (index === Number(key) ? put(inner, rest, other) : inner));
	const record = value as Record<string, unknown>;
	return { ...record, [key]: put(record[key], rest, other) };
};
const hostile = fc.oneof(
	fc.constantFrom<unknown>(null, "", -1, 1.5, 1e308, [], {}, true, "\u0000", "\ud800", "x".repeat(100_000), {
		__proto__: 1,
	}),
	fc.jsonValue({ maxDepth: 6 }),
);

describe.each(goodFrames(ID))("$topic", ({ kind, topic, message }) => {
	test("is read as it should be, and what it does not declare is dropped", () => {
		const reading = read(topic, { ...message, surprise: 1 });
		expect(reading).toMatchObject({ ok: true, frame: { kind, message } });
		expect(reading.ok && "surprise" in reading.frame.message).toBe(false);
	});

	test("is refused in any other version, when it is too large or no JSON", () => {
		for (const v of [0, 2, 99]) expect(read(topic, { ...message, v })).toMatchObject({ reason: "version_unknown" });
		const large = { ...message, filling: "x".repeat(PAYLOAD_BYTES) };
		expect(read(topic, large)).toMatchObject({ ok: false, kind, reason: "too_large" });
		for (const text of ["", "{", "null", "[]", "\ufeff{}", `${JSON.stringify(message)}x`]) {
			if (text === "" && (kind === "presence" || kind === "twinReported")) continue;
			expect(read(topic, text)).toMatchObject({ ok: false, kind, reason: "malformed" });
		}
		expect(readFrame(topic, Uint8Array.from([0xff, 0xfe]))).toMatchObject({ reason: "malformed" });
		expect(read(topic, `${"[".repeat(16_000)}${"]".repeat(16_000)}`)).toMatchObject({ ok: false });
	});

	test("whatever is put anywhere in it, it is read to its form or refused, and can be stored", () => {
		const places = placesOf(message);
		fc.assert(
			fc.property(fc.constantFrom(...places), hostile, (place, value) => {
				const reading = read(topic, put(message, place, value));
				if (!reading.ok) {
					expect(["malformed", "version_unknown", "too_large", "text_refused", "cleared"]).toContain(reading.reason);
					return;
				}
				expect(reading.frame.kind).toBe(kind);
				const text = JSON.stringify(reading.frame.message);
				// What PostgreSQL would refuse.
				expect(text).not.toMatch(/(?<!\\)(\\\\)*\\u0000/);
				expect(text.isWellFormed() && !/(?<!\\)(\\\\)*\\ud[89a-f]/.test(text)).toBe(true);
			}),
			{
				numRuns: 300,
				// what a database or JSON once took badly, in every place
				examples: places.flatMap((place) =>
					["\u0000", "\ud800", 2 ** 53, 1e308].map((value): [typeof place, unknown] => [place, value]),
				),
			},
		);
	});
});

test("a text with U+0000 or half a surrogate pair is refused, one that only looks like it is not", () => {
	const [, reported] = goodFrames(ID);
	const withModel = (model: string) =>
		read(topics.twinReported(ID), {
			...reported!.message,
			facts: { ...(reported!.message["facts"] as object), model },
		});
	for (const model of ["a\u0000b", "\ud800", "\udc00x"])
		expect(withModel(model)).toMatchObject({ reason: "text_refused" });
	for (const model of ["a\\u0000b", "\\\\u0000", "😀", "ü", "\n", "\\ud800"]) expect(withModel(model).ok).toBe(true);
});

test("a cleared topic is no fault; topics that a worker should not get are no frames", () => {
	for (const topic of [topics.presence(ID), topics.twinReported(ID)]) {
		expect(readFrame(topic, new Uint8Array())).toMatchObject({ ok: false, reason: "cleared" });
	}
	const others = [
		topics.twinDesired(ID),
		topics.jobNext(ID),
		topics.commandRequest(ID),
		topics.certificateResponse(ID),
		topics.enrolDown("0".repeat(32)),
		topics.ring(ID, ID),
		topics.revocations(),
		"ic/1/d/UPPER-CASE/presence",
		"ic/2/d/dev-0123456789ab/presence",
		"",
	];
	for (const topic of others) {
		expect(readFrame(topic, bytes("{}"))).toEqual({ ok: false, kind: "unknown", reason: "topic_unknown" });
	}
	fc.assert(
		fc.property(fc.string(), fc.uint8Array(), (topic, payload) => {
			expect(readFrame(topic, payload).ok).toBe(false);
		}),
	);
});
