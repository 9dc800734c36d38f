import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ManualClock } from "../../../device/core/clock.ts";
import { readAgentConfig } from "../../../provisioning/agent/AgentConfig.ts";
import { PrivateBus } from "../../sim/dbus/PrivateBus.ts";
import { factory, SimulatedRauc } from "../../sim/rauc/SimulatedRauc.ts";
import { TestAgent } from "./TestAgent.ts";

let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "incamera-agent-config-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const base = `stateFolder: /var/lib/incamera-agent
socket: /run/incamera/agent.sock
bootstrap: { url: "mqtts://fleet.example:8884" }
facts: { model: box, serial: "1" }
`;
async function read(more: string): Promise<unknown> {
	const file = join(folder, "agent.yaml");
	await writeFile(file, base + more);
	return readAgentConfig(file).catch((error: { code: string }) => error.code);
}

describe("the agent's configuration", () => {
	test("says who installs firmware, and for a RAUC also whom it believes", async () => {
		expect(await read("")).toMatchObject({ facts: { model: "box" } });
		expect(await read("firmware: simulated\n")).toMatchObject({ firmware: "simulated" });
		expect(await read("firmware: rauc\nupdateRoot: /usr/lib/incamera/root.json\n")).toMatchObject({ firmware: "rauc" });
		expect(await read("firmware: rauc\n")).toBe("config.refused");
		expect(await read("firmware: apt\n")).toBe("config.refused");
		expect(await read("downloadKilobytesPerSecond: 0\n")).toBe("config.refused");
	});

	test("that names a RAUC which is not there leaves an agent that works and says so, and finds it when it comes", async () => {
		const clock = new ManualClock(Date.UTC(2026, 0, 1));
		const bus = await PrivateBus.start();
		let rauc: SimulatedRauc | null = null;
		const config = { firmware: "rauc", updateRoot: join(folder, "root.json") } as const;
		const before = process.env["DBUS_SYSTEM_BUS_ADDRESS"];
		process.env["DBUS_SYSTEM_BUS_ADDRESS"] = bus.address;
		const agent = await TestAgent.start({ bootstrapUrl: "mqtts://127.0.0.1:1", config, clock });
		try {
			expect(agent.isWell).toBe(true);
			expect(agent.room.claim).toMatchObject({ state: "unclaimed" });
			expect(agent.logged).toContainEqual({ event: "error.unexpected", code: "update.installer_failed" });
			rauc = await SimulatedRauc.start(bus, factory());
			clock.advance(60_000);
			await expect.poll(() => rauc?.marks).toEqual(["good A"]);
		} finally {
			if (before === undefined) delete process.env["DBUS_SYSTEM_BUS_ADDRESS"];
			else process.env["DBUS_SYSTEM_BUS_ADDRESS"] = before;
			await agent.remove();
			await rauc?.stop();
			await bus.stop();
		}
	});
});
