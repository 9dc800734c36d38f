import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../../device/core/clock.ts";
import { silentLog } from "../../../device/core/log.ts";
import { BrokerLine } from "../../../provisioning/line/BrokerLine.ts";
import { type FleetCa, openCa } from "../../../provisioning/service/ca/FleetCa.ts";
import { HostileBroker } from "../../sim/broker/HostileBroker.ts";

let folder: string;
let ca: FleetCa;
let broker: HostileBroker;
const lines: BrokerLine[] = [];
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "incamera-line-"));
	ca = await openCa(folder);
	broker = await HostileBroker.open({ ...(await ca.issueServer(["127.0.0.1"])), ca: ca.certificate });
});
afterEach(async () => {
	for (const line of lines.splice(0)) await line.close();
	broker.acknowledge = () => 0;
});
afterAll(async () => {
	await broker?.close();
	await rm(folder, { recursive: true, force: true });
});

async function open(): Promise<BrokerLine> {
	const { key, chain } = await ca.issueDevice("dev-00000001");
	const line = new BrokerLine({
		target: () => ({ url: broker.url, clientId: "dev-00000001", tls: { key, certificate: chain, ca: ca.certificate } }),
		clock: systemClock,
		log: silentLog,
		random: () => 0,
	});
	lines.push(line);
	const opened = new Promise<void>((resolve) => line.events.on("opened", () => resolve()));
	line.open();
	await opened;
	return line;
}
const say = (line: BrokerLine) => line.publish("a/topic", Buffer.from("x"));

test("a message that was under way when the line was lost is unreachable, not refused: it can be sent again", async () => {
	for (const how of ["dropped here", "cut there", "closed in order"] as const) {
		const line = await open();
		const { length } = broker.heard;
		broker.acknowledge = () => new Promise(() => {});
		const said = say(line);
		const outcome = expect(said, how).rejects.toMatchObject({ code: "line.unreachable" });
		await expect.poll(() => broker.heard.length).toBe(length + 1);
		if (how === "dropped here") line.drop();
		else if (how === "cut there") broker.cut();
		else await line.close();
		await outcome;
	}
});

test("a message that the broker does not take is refused, and the line stays", async () => {
	const line = await open();
	broker.acknowledge = () => 0x87;
	await expect(say(line)).rejects.toMatchObject({ code: "line.refused" });
	broker.acknowledge = () => 0;
	expect(await say(line)).toBe("delivered");
	broker.acknowledge = () => 0x10;
	expect(await say(line)).toBe("nobody");
});
