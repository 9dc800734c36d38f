import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ManualClock } from "../../../../device/core/clock.ts";
import { silentLog } from "../../../../device/core/log.ts";
import { RoomLink } from "../../../../provisioning/agent/local/RoomLink.ts";
import { LOCAL_VERSION } from "../../../../provisioning/contract/local.ts";

const greeting = `${JSON.stringify({ t: "hello", v: LOCAL_VERSION, version: "1.0.0" })}\n`;
/** More than a socket's buffers take, and less than makes the agent cut the connection. */
const LINES = 25;
const LINE_BYTES = 20_000;

test("an agent that ends says its last words to who reads them, and waits a second for who doesn't", async () => {
	for (const reads of [true, false]) {
		const folder = await mkdtemp(join(tmpdir(), "incamera-link-"));
		onTestFinished(() => rm(folder, { recursive: true, force: true }));
		const clock = new ManualClock();
		const link = new RoomLink({ path: join(folder, "agent.sock"), clock, log: silentLog });
		await link.listen();
		const room = connect(join(folder, "agent.sock"));
		onTestFinished(() => void room.destroy());
		const arrived = new Promise<void>((resolve) => link.events.on("arrived", () => resolve()));
		room.write(greeting);
		await arrived;
		const payload = Buffer.alloc(LINE_BYTES).toString("base64");
		for (let line = 0; line < LINES; line++) {
			expect(link.send({ t: "ring", from: "dev-00000001", retained: false, payload })).toBe(true);
		}
		expect(link.present).toBe(true);
		const closed = link.close();
		if (reads) {
			let heard = "";
			room.on("data", (chunk) => {
				heard += String(chunk);
			});
			await once(room, "close");
			expect(heard.split("\n").filter((line) => line.includes("dev-00000001"))).toHaveLength(LINES);
		} else {
			clock.advance(1000);
		}
		await closed;
	}
});
