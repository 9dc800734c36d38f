import { expect, test } from "vitest";
import { Directory } from "../../../device/ringing/Directory.ts";

const presence = (epoch: number, online: boolean, ring = "a.b.c") =>
	({ v: 1, mid: "A".repeat(22), ts: 1, epoch, online, ring }) as const;

test("the newest connection counts, and within it the last will is the last word", () => {
	const directory = new Directory([{ id: "room-munich", name: "München" }]);
	directory.settle(true);
	const after = (epoch: number, online: boolean) => {
		directory.note("room-munich", presence(epoch, online));
		return directory.isOnline("room-munich");
	};
	expect(directory.isOnline("room-munich")).toBe(false);
	expect(after(5, true)).toBe(true);
	expect(after(4, false)).toBe(true);
	expect(after(5, false)).toBe(false);
	expect(after(5, true)).toBe(false);
	expect(after(4, true)).toBe(false);
	expect(after(6, true)).toBe(true);
	expect(after(5, false)).toBe(true);
});

test("nothing is known before all is heard, nor after the broker is lost, and a new broker may begin with lower epochs", () => {
	const directory = new Directory([{ id: "room-munich", name: "München" }]);
	directory.note("room-munich", presence(5, true));
	expect([directory.isOnline("room-munich"), directory.presenceOf("room-munich")]).toEqual([null, null]);
	directory.settle(true);
	expect(directory.isOnline("room-munich")).toBe(true);
	directory.forget();
	expect(directory.isOnline("room-munich")).toBeNull();
	directory.note("room-munich", presence(1, true));
	directory.settle(true);
	expect(directory.isOnline("room-munich")).toBe(true);
});

test("unlisted rooms can't be rung, and what was heard of them counts once they are listed", () => {
	const directory = new Directory([]);
	directory.note("room-munich", presence(5, true));
	directory.settle(true);
	expect(directory.presenceOf("room-munich")).toBeNull();
	expect(directory.isOnline("room-munich")).toBe(false);
	expect(directory.nameOf("room-munich")).toBeNull();
	directory.list([{ id: "room-munich", name: "München" }]);
	expect(directory.isOnline("room-munich")).toBe(true);
	expect(directory.nameOf("room-munich")).toBe("München");
});

test("a device without a ring key, whose room program is gone, is not online; with one it is again", () => {
	const directory = new Directory([{ id: "room-munich", name: "München" }]);
	directory.settle(true);
	const { ring: _, ...bare } = presence(5, true);
	directory.note("room-munich", bare);
	expect(directory.isOnline("room-munich")).toBe(false);
	directory.note("room-munich", presence(5, true, "d.e.f"));
	expect(directory.isOnline("room-munich")).toBe(true);
	directory.note("room-munich", bare);
	expect(directory.isOnline("room-munich")).toBe(false);
});

test("who is there is not known while nobody looks, and what was known before is forgotten", () => {
	const directory = new Directory([{ id: "room-munich", name: "München" }]);
	directory.settle(false);
	directory.note("room-munich", presence(1, true));
	expect(directory.known).toBe(false);
	expect(directory.isOnline("room-munich")).toBeNull();
	directory.settle(true);
	expect(directory.isOnline("room-munich")).toBe(true);
	directory.settle(false);
	directory.settle(true);
	expect(directory.isOnline("room-munich")).toBe(false);
});
