import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ManualClock } from "../../../../device/core/clock.ts";
import { supportWish } from "../../../../provisioning/contract/supportSaved.ts";
import { TestAgent } from "../TestAgent.ts";

let folder: string;
let files: { wish: string; outcome: string };
let agent: TestAgent;
const clock = new ManualClock();
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "incamera-support-"));
	files = { wish: join(folder, "wish"), outcome: join(folder, "outcome.json") };
});
afterEach(async () => {
	await agent.remove();
	rmSync(folder, { recursive: true, force: true });
});

/** `sticks`: `/` has folders at which something is mounted, a new folder has none. */
async function start(sticks: string): Promise<void> {
	const config = { sticks, support: files };
	agent = await TestAgent.start({ bootstrapUrl: "mqtts://fleet.invalid:8883", clock, config });
}
const shown = () => agent.room.last("support")?.support;
/** Moves time on until it is so. */
const becomes = (what: object) =>
	expect
		.poll(() => {
			clock.advance(1000);
			return shown();
		})
		.toEqual({ file: null, code: null, ...what });
async function wished(): Promise<string> {
	agent.room.send({ t: "support" });
	await expect.poll(shown).toEqual({ state: "collecting", file: null, code: null });
	const wish = () => {
		try {
			return supportWish.parse(JSON.parse(readFileSync(files.wish, "utf8"))).wish;
		} catch {
			return "";
		}
	};
	await expect.poll(wish).not.toBe("");
	return wish();
}
const says = (outcome: object) => writeFileSync(files.outcome, JSON.stringify({ file: null, code: null, ...outcome }));

test("where no stick is mounted nothing is offered, whatever folders are there", async () => {
	await start(folder);
	agent.room.send({ t: "support" });
	agent.room.enrol("no code");
	await expect.poll(() => agent.room.claim?.state === "unclaimed" && agent.room.claim.failure).toBeTruthy();
	clock.advance(5000);
	expect(shown() ?? null).toBeNull();
});

test("a stick is offered the report, and told how it goes by whoever writes it: of this wish, not of the last one", async () => {
	await start("/");
	await becomes({ state: "offered" });
	const wish = await wished();
	says({ wish: "abcdefghijklmnopqrstuv", state: "done", file: "incamera-support-20261123-085702.json" });
	clock.advance(1000);
	says({ wish, state: "writing" });
	await becomes({ state: "writing" });
	expect(agent.room.all("support").some(({ support }) => support?.state === "done")).toBe(false);
	const file = "incamera-support-20261123-085703.json";
	says({ wish, state: "done", file });
	await becomes({ state: "done", file });
	const again = await wished();
	expect(again).not.toBe(wish);
	says({ wish: again, state: "failed", code: "support.stick_full" });
	await becomes({ state: "failed", code: "support.stick_full" });
});

test("an answer that is none, or that never comes, is a failure in the end", async () => {
	await start("/");
	await becomes({ state: "offered" });
	await wished();
	writeFileSync(files.outcome, "{");
	clock.advance(149_000);
	expect(shown()?.state).toBe("collecting");
	await becomes({ state: "failed", code: "support.failed" });
});
