import { describe, expect, it } from "vitest";
import { networkUnit } from "../../image/root/programs/networkUnit.ts";
import { setUpFile } from "../../provisioning/contract/setUpFile.ts";

describe("a technician's set-up file", () => {
	it("may say nothing, or fleet, network and equipment", () => {
		expect(setUpFile.safeParse({}).success).toBe(true);
		const whole = {
			fleet: { bootstrap: "mqtts://fleet.example:8884", page: "https://fleet.example/enrol" },
			network: { address: "192.0.2.7/24", gateway: "192.0.2.1", dns: ["192.0.2.1"] },
			room: { devices: { camera: "auto" } },
		};
		expect(setUpFile.safeParse(whole).success).toBe(true);
		expect(networkUnit(whole.network)).toContain("\nAddress=192.0.2.7/24\nGateway=192.0.2.1\nDNS=192.0.2.1\n");
	});

	it.each([
		{ fleet: { bootstrap: "mqtt://fleet.example" } },
		{ fleet: { bootstrap: "mqtts://fleet.example/x y" } },
		{ fleet: { bootstrap: "mqtts://f", page: "javascript:alert(1)" } },
		{ network: { address: "192.0.2.7/24\n[Network]\nDHCP=yes" } },
		{ network: { address: "192.0.2.7/24", dns: ["192.0.2.1\nEvil=1"] } },
		{ network: { address: "192.0.2.7/24", ntp: ["time example"] } },
		{ room: { panel: { host: "0.0.0.0" } } },
		{ room: { agent: "/tmp/other.sock" } },
		{ password: "x" },
	])("is refused as %j", (value) => {
		expect(setUpFile.safeParse(value).success).toBe(false);
	});
});
