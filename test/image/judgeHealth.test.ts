import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { failureCode, judgeHealth, readHealth } from "../../image/root/programs/judgeHealth.ts";

describe("a start", () => {
	it("is healthy when room, picture and media are there, and names what is not", () => {
		expect(judgeHealth({ room: true, painted: true, media: true })).toBe("healthy");
		expect(judgeHealth({ room: true, painted: false, media: false })).toEqual({ missing: ["painted", "media"] });
		expect(failureCode({ missing: ["painted", "media"] })).toBe("update.panel_not_painted");
	});
});

describe("what the room program says of itself", () => {
	it.each([
		[true, { status: "ok", painted: 1 }, { room: true, painted: true }],
		[true, { status: "ok", painted: 0 }, { room: true, painted: false }],
		[false, { status: "starting", reason: "media.engine_starting", painted: 1 }, { room: false, painted: true }],
		// out of its box: no room, and nothing wrong
		[false, { status: "starting", reason: "room.unclaimed", painted: 1 }, { room: true, painted: true }],
		// what IT has to mend is not mended by another start
		[false, { status: "starting", reason: "room.twin_refused", painted: 1 }, { room: true, painted: true }],
		[false, { status: "starting", reason: "room.identity_refused", painted: 0 }, { room: true, painted: false }],
		// but an agent that does not answer may be
		[false, { status: "starting", reason: "agent.unreachable", painted: 1 }, { room: false, painted: true }],
	])("%s %j", (ok, answer, seen) => {
		expect(readHealth(ok, answer)).toMatchObject(seen);
	});

	it("is nothing that another answer could be taken for", () => {
		fc.assert(
			fc.property(fc.jsonValue(), (answer) => {
				expect(readHealth(false, answer)).toMatchObject({ room: false, painted: false });
			}),
		);
	});
});
