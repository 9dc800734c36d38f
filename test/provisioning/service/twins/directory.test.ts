import fc from "fast-check";
import { expect, test } from "vitest";
import { twinDoc } from "../../../../provisioning/contract/twin.ts";
import { directoryOf, inOrder } from "../../../../provisioning/service/twins/directory.ts";

const rooms = (count: number, name = (index: number) => `Room ${index}`) =>
	Array.from({ length: count }, (_, index) => ({ id: `dev-${String(index).padStart(12, "0")}`, name: name(index) }));

test("names are in the order in which people count them", () => {
	const names = ["Room 10", "room 2", "Room 1", "Äpfel", "Zug"];
	const ordered = inOrder(names.map((name, index) => ({ id: `dev-${index}`, name })));
	expect(ordered.map(({ name }) => name)).toEqual(["Äpfel", "Room 1", "room 2", "Room 10", "Zug"]);
});

test("in a fleet that fits, everybody but the room itself", () => {
	const ordered = inOrder(rooms(5));
	expect(directoryOf(ordered, 2).map(({ id }) => id)).toEqual([0, 1, 3, 4].map((index) => ordered[index]!.id));
	expect(directoryOf(ordered.slice(0, 1), 0)).toEqual([]);
});

test("in a large fleet the neighbours by name, as many as fit, at its ends too", () => {
	const ordered = inOrder(rooms(5000));
	for (const index of [0, 1, 2500, 4998, 4999]) {
		const directory = directoryOf(ordered, index);
		const places = directory.map(({ id }) => ordered.findIndex((room) => room.id === id));
		expect(directory.length).toBeGreaterThan(200);
		expect(Math.max(...places) - Math.min(...places)).toBeLessThanOrEqual(directory.length);
		expect(places).not.toContain(index);
		expect(Buffer.byteLength(JSON.stringify(directory))).toBeLessThanOrEqual(16 * 1024);
	}
});

test("always what the contract takes, whatever rooms are called", () => {
	const name = fc.string({ minLength: 1, maxLength: 80, unit: "grapheme" }).filter((text) => text.trim().length > 0);
	fc.assert(
		fc.property(fc.array(name, { minLength: 1, maxLength: 400 }), fc.nat(), (names, at) => {
			const ordered = inOrder(rooms(names.length, (index) => names[index]!.trim().slice(0, 80)));
			const index = at % ordered.length;
			const directory = directoryOf(ordered, index);
			expect(directory.length).toBeLessThanOrEqual(300);
			expect(Buffer.byteLength(JSON.stringify(directory))).toBeLessThanOrEqual(16 * 1024);
			expect(twinDoc.shape.directory.safeParse(directory).success).toBe(true);
			expect(directory.map(({ id }) => id)).not.toContain(ordered[index]!.id);
		}),
		{ numRuns: 30 },
	);
});
