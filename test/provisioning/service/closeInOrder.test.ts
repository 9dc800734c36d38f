import { expect, test } from "vitest";
import { ManualClock } from "../../../device/core/clock.ts";
import { type Log, silentLog } from "../../../device/core/log.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { closeInOrder } from "../../../provisioning/service/closeInOrder.ts";

test("what fails to close or never ends doesn't keep what was started before it from ending", async () => {
	const clock = new ManualClock();
	const codes: unknown[] = [];
	const log: Log = { write: (_level, _event, fields) => void codes.push((fields as { code: string }).code) };
	const closed: string[] = [];
	const hangs = Promise.withResolvers<void>();
	const parts = [
		async () => void closed.push("database"),
		() => {
			closed.push("broker");
			hangs.resolve();
			return new Promise<void>(() => {});
		},
		() => Promise.reject(new RoomError("broker.gone", "gone")),
		() => Promise.reject(new Error("no code")),
		() => {
			throw new Error("at once");
		},
		async () => void closed.push("pages"),
	];
	const over = closeInOrder(parts, { partMs: 5000, clock, log });
	await hangs.promise;
	expect(closed).toEqual(["pages", "broker"]);
	clock.advance(5000);
	await over;
	expect(closed).toEqual(["pages", "broker", "database"]);
	expect(codes).toEqual(["service.close_failed", "service.close_failed", "broker.gone", "service.close_timeout"]);
	// each once
	await closeInOrder(parts, { partMs: 5000, clock, log: silentLog });
	expect(closed).toHaveLength(3);
});
