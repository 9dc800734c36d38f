import { describe, expect, it } from "vitest";
import { parseRoomConfig } from "../../device/config/parseRoomConfig.ts";
import { networkUnit } from "../../image/root/programs/networkUnit.ts";
import { setUpFile } from "../../provisioning/contract/setUpFile.ts";

const certificate = "-----BEGIN CERTIFICATE-----\nMIIB\nAA==\n-----END CERTIFICATE-----\n";
const privateKey = certificate.replaceAll("CERTIFICATE", "PRIVATE KEY");

describe("a technician's set-up file", () => {
	it("may say nothing, or fleet, network and equipment", () => {
		expect(setUpFile.safeParse({}).success).toBe(true);
		const whole = {
			fleet: { bootstrap: "mqtts://fleet.example:8884", page: "https://fleet.example/enrol" },
			network: { address: "192.0.2.7/24", gateway: "192.0.2.1", dns: ["192.0.2.1"] },
			recovery: { certificate },
			screens: { panel: "HDMI-A-1" },
			room: { devices: { camera: "auto" } },
		};
		expect(setUpFile.safeParse(whole).success).toBe(true);
		expect(networkUnit(whole.network)).toContain("\nAddress=192.0.2.7/24\nGateway=192.0.2.1\nDNS=192.0.2.1\n");
	});

	it.each([
		{ url: "https://calendar.example/t0ken/room.ics?export" },
		{ url: "https://calendar.example:8443/t0ken", user: "room 1", password: "p:w ö" },
	])("may name the room's calendar as %j, which the room program takes as well", (calendar) => {
		expect(setUpFile.safeParse({ room: { calendar } }).success).toBe(true);
		const room = { panel: { port: 8081 }, state: "state", calendar };
		expect(parseRoomConfig(JSON.stringify(room))).toMatchObject({
			ok: true,
			config: { calendar: { url: calendar.url } },
		});
	});

	it.each([
		...["http://calendar.example/", "http://127.0.0.1/", "https://user:pw@calendar.example/", "https://", "x"].map(
			(url) => ({ url }),
		),
		{ ics: "/etc/passwd" },
		{ url: "https://calendar.example/", user: "room" },
		{ url: "https://calendar.example/", user: "ro:om", password: "x" },
		{ url: "https://calendar.example/", user: " ", password: "x" },
	])("names no calendar as %j", (calendar) => {
		expect(setUpFile.safeParse({ room: { calendar } }).success).toBe(false);
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
		{ screens: { panel: "HDMI-A-1; reboot" } },
		{ screens: { panel: "HDMI-A-1\nDP-1" } },
		{ screens: { panel: "../HDMI-A-1" } },
		{ authorities: ["-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"] },
		{ authorities: ["/etc/ssl/certs/ca.pem"] },
		{ authorities: Array(9).fill("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n") },
		{ recovery: {} },
		{ recovery: { certificate: "recovery.pem" } },
		{ recovery: { certificate: privateKey } },
		{ recovery: { certificate: `${certificate}${privateKey}` } },
		{ recovery: { certificate: `${certificate}${certificate}` } },
		{ recovery: { certificate: certificate.replace("MIIB", "A".repeat(8192)) } },
	])("is refused as %j", (value) => {
		expect(setUpFile.safeParse(value).success).toBe(false);
	});
});
