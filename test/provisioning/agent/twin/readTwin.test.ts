import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MOST_ERRORS, readTwin } from "../../../../provisioning/agent/twin/readTwin.ts";
import { twinDoc, twinError } from "../../../../provisioning/contract/twin.ts";
import { amber } from "../samples.ts";

const keys = (value: unknown) => readTwin(value).errors.map(({ key, code }) => `${key} ${code.replace("twin.", "")}`);
const withRoom = (room: object) => ({ ...amber, room: { ...amber.room, ...room } });

describe("a twin", () => {
	test("of the contract is taken as it is", () => {
		expect(readTwin(amber)).toEqual({ ok: true, doc: amber, errors: [] });
		expect(readTwin({ ...amber, rendezvous: "https://meet.example" }).ok).toBe(true);
		expect(readTwin({ ...amber, rendezvous: "http://127.0.0.1:8080" }).ok).toBe(true);
	});

	test("with one wrong key counts for nothing, and says which", () => {
		expect(keys(withRoom({ name: "" }))).toEqual(["room.name invalid"]);
		expect(keys(withRoom({ timeZone: "Europe/Atlantis" }))).toEqual(["room.timeZone invalid"]);
		expect(keys(withRoom({ name: "", locale: "fr" }))).toEqual(["room.name invalid", "room.locale invalid"]);
		expect(keys({ ...amber, showTitles: 1 })).toEqual(["showTitles invalid"]);
		expect(keys({ ...amber, directory: [{ id: "x", name: "X" }] })).toEqual(["directory.0.id invalid"]);
		const twice = { id: "dev-00000001", name: "A" };
		expect(keys({ ...amber, directory: [twice, twice] })).toEqual(["directory.1.id invalid"]);
		// never without TLS over a network
		for (const rendezvous of ["http://meet.example", "http://10.0.0.1", "https://meet.example:99999", "ftp://x"]) {
			expect(keys({ ...amber, rendezvous }), rendezvous).toEqual(["rendezvous invalid"]);
		}
		for (const nothing of [null, undefined, 1, "x", []]) expect(keys(nothing)).toEqual([" invalid"]);
		for (const value of [withRoom({ name: "" }), null]) expect(readTwin(value).ok).toBe(false);
	});

	test("with keys of a newer fleet is taken without them, and says so", () => {
		const newer = {
			...withRoom({ lamp: { on: true } }),
			camera: "open",
			directory: [{ id: "dev-00000001", name: "A", x: 1 }],
		};
		const read = readTwin(newer);
		expect(read.ok && read.doc).toEqual({ ...amber, directory: [{ id: "dev-00000001", name: "A" }] });
		expect(keys(newer).sort()).toEqual(["camera unknown_key", "directory.0.x unknown_key", "room.lamp unknown_key"]);
	});

	test("of anything at all is read or refused, by what the contract can carry", () => {
		const part = fc.constantFrom(...Object.keys(amber), "room.name", "update.window", "__proto__", "constructor");
		const mutated = fc.tuple(part, fc.anything()).map(([path, value]) => {
			const [first = "", second] = path.split(".");
			const copy = structuredClone(amber) as unknown as Record<string, Record<string, unknown>>;
			const put = (on: object, key: string) =>
				Object.defineProperty(on, key, { value, enumerable: true, configurable: true, writable: true });
			if (second) put(copy[first] as object, second);
			else put(copy, first);
			return copy as unknown;
		});
		fc.assert(
			fc.property(
				fc.oneof(
					mutated,
					fc.anything(),
					fc.json().map((text) => JSON.parse(text)),
				),
				(value) => {
					const read = readTwin(value);
					expect(read.errors.length).toBeLessThanOrEqual(MOST_ERRORS);
					for (const error of read.errors) expect(twinError.safeParse(error).success).toBe(true);
					if (read.ok) expect(twinDoc.parse(read.doc)).toEqual(read.doc);
					else expect(read.errors.length).toBeGreaterThan(0);
				},
			),
			{ numRuns: 3000 },
		);
	});

	test("however deep or wide is read in no time", () => {
		let deep: unknown = 1;
		for (let i = 0; i < 5000; i++) deep = { deep };
		expect(keys({ ...amber, deep })).toEqual(["deep unknown_key"]);
		const wide = Object.fromEntries(Array.from({ length: 2000 }, (_, at) => [`key${at}`, at]));
		expect(readTwin({ ...amber, ...wide }).errors).toHaveLength(MOST_ERRORS);
		expect(keys({ ...amber, ["x".repeat(1000)]: 1 })[0]?.length).toBe(200 + " unknown_key".length);
	});
});
