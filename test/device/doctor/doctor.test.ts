import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ManualClock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { stunAnswers } from "../../../device/core/stunAnswers.ts";
import { CertificateCheck } from "../../../device/doctor/CertificateCheck.ts";
import type { Check } from "../../../device/doctor/Check.ts";
import { CodecsCheck } from "../../../device/doctor/CodecsCheck.ts";
import { ElementsCheck } from "../../../device/doctor/ElementsCheck.ts";
import { PortCheck } from "../../../device/doctor/PortCheck.ts";
import { runChecks } from "../../../device/doctor/runChecks.ts";
import { type ConfiguredPort, SerialPortCheck } from "../../../device/doctor/SerialPortCheck.ts";
import { TurnCheck } from "../../../device/doctor/TurnCheck.ts";
import { openSerial } from "../../../device/peripherals/link/openSerial.ts";
import { FleetCa } from "../../../provisioning/service/ca/FleetCa.ts";
import { startTurn } from "../../../provisioning/service/turn/coturn.ts";
import { PtyPair } from "../../sim/line/PtyPair.ts";

const signal = new AbortController().signal;
const dayMs = 86_400_000;

describe("checks of the doctor", () => {
	let folder: string;
	beforeAll(async () => {
		folder = await mkdtemp(join(tmpdir(), "incamera-doctor-"));
	});
	afterAll(() => rm(folder, { recursive: true }));

	it("finds the elements of this machine, and names the package of a missing one", async () => {
		expect(await new ElementsCheck().run()).toMatchObject({ status: "ok" });
		expect(await new ElementsCheck((name) => name !== "webrtcbin").run()).toMatchObject({
			status: "failed",
			code: "doctor.element_missing",
			found: "missing: webrtcbin",
			advice: "apt-get install gstreamer1.0-plugins-bad",
		});
	});

	it("encodes and decodes with each codec", async () => {
		expect(await new CodecsCheck().run(signal)).toMatchObject({ status: "ok" });
	});

	it("tells a free port from our own and from a stranger's", async () => {
		const ours = createServer((_, response) => response.end('{"status":"ok"}'));
		const stranger = createTcpServer((socket) => socket.destroy());
		for (const server of [ours, stranger]) await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
		const port = (server: { address(): unknown }) => (server.address() as AddressInfo).port;
		expect(await new PortCheck("panel", port(ours)).run(signal)).toMatchObject({
			status: "ok",
			found: expect.stringContaining("held by InCamera"),
		});
		expect(await new PortCheck("panel", port(stranger)).run(signal)).toMatchObject({ code: "doctor.port_busy" });
		const freed = port(stranger);
		for (const server of [ours, stranger]) await new Promise((done) => server.close(done));
		expect(await new PortCheck("panel", freed).run(signal)).toMatchObject({ status: "ok", found: "free" });
	});

	it("judges the device certificate by the clock, and refuses another fleet's", async () => {
		const start = Date.now();
		const clock = new ManualClock(start);
		const ca = await FleetCa.open(join(folder, "ca"), { development: true });
		const other = await FleetCa.open(join(folder, "other"), { development: true });
		const { certificate, key } = await ca.issueDevice("room-berlin");
		const file = (name: string) => join(folder, name);
		const files = { key: file("device.key.pem"), certificate: file("device.pem"), ca: file("ca/ca.pem") };
		await Promise.all([writeFile(files.certificate, certificate), writeFile(files.key, key)]);
		const check = new CertificateCheck(files, clock);
		expect(await check.run()).toMatchObject({ status: "ok" });
		clock.advance(50 * dayMs);
		expect(await check.run()).toMatchObject({ status: "care", code: "doctor.certificate_expiring" });
		clock.advance(20 * dayMs);
		expect(await check.run()).toMatchObject({ status: "failed", code: "doctor.certificate_expired" });
		expect(await new CertificateCheck(files, new ManualClock(start - 3 * dayMs)).run()).toMatchObject({
			code: "doctor.clock_wrong",
		});
		expect(other.pin).not.toBe(ca.pin);
		const foreign = { ...files, ca: join(folder, "other", "ca.pem") };
		expect(await new CertificateCheck(foreign, clock).run()).toMatchObject({ code: "doctor.certificate_foreign" });
		await writeFile(file("another.key.pem"), (await ca.issueDevice("room-bonn")).key);
		expect(await new CertificateCheck({ ...files, key: file("another.key.pem") }, clock).run()).toMatchObject({
			code: "doctor.certificate_key_wrong",
		});
		const gone = { ...files, certificate: join(folder, "nothing.pem") };
		expect(await new CertificateCheck(gone, clock).run()).toMatchObject({ code: "doctor.certificate_unreadable" });
	});

	it("reaches a real coturn, and says when it is gone", async () => {
		const turn = await startTurn();
		const check = new TurnCheck(async () => [{ urls: [...turn.urls] }], stunAnswers);
		expect(await check.run(signal)).toMatchObject({ status: "ok" });
		await turn.close();
		expect(await check.run(signal)).toMatchObject({ status: "care", code: "doctor.turn_unreachable" });
		expect(await new TurnCheck(async () => [], stunAnswers).run(signal)).toMatchObject({ code: "doctor.turn_missing" });
		const unreachable = new TurnCheck(() => Promise.reject(new Error("no")), stunAnswers);
		expect(await unreachable.run(signal)).toMatchObject({ code: "doctor.rendezvous_unreachable" });
	});

	it("says of a device's serial port whether it is there, free, and ours; and asks a room that holds it", async () => {
		const pty = await PtyPair.open();
		const check = (known: ConfiguredPort["known"], path = pty.path) =>
			new SerialPortCheck({ device: "camera", path, baudRate: 9600, known }).run(signal);
		expect(await check(null)).toMatchObject({ status: "ok", found: "free" });
		const line = await openSerial({ path: pty.path, baudRate: 9600 })({ bytes() {}, ended() {} }, signal);
		expect(await check(null)).toMatchObject({ status: "care", code: "doctor.serial_busy" });
		expect(await check("held")).toMatchObject({ status: "ok", found: "in use by this room" });
		await line.close();
		expect(await check(null)).toMatchObject({ status: "ok" });
		expect(await check(null, join(folder, "nothing"))).toMatchObject({ code: "doctor.serial_absent" });
		await pty.close();
		expect(await check(null)).toMatchObject({ status: "care", code: "doctor.serial_absent" });
		for (const [known, code] of [
			["link.denied", "doctor.serial_denied"],
			["link.busy", "doctor.serial_busy"],
			["link.silent", "doctor.serial_silent"],
		] as const) {
			const { advice, ...found } = await check(known);
			expect([found.code, advice]).toEqual([code, expect.any(String)]);
			expect(JSON.stringify({ advice, found })).not.toContain(pty.path);
		}
	});

	it("takes a check that throws for a failed one, and goes on", async () => {
		const broken: Check = {
			id: "a",
			title: "A",
			run: () => Promise.reject(new RoomError("media.native_missing", "not built")),
		};
		const sound: Check = {
			id: "b",
			title: "B",
			run: async () => ({ status: "ok", code: null, found: "", advice: null }),
		};
		const results = await Array.fromAsync(runChecks([broken, sound]));
		expect(results.map(({ status, code }) => [status, code])).toEqual([
			["failed", "media.native_missing"],
			["ok", null],
		]);
		expect(results[0]?.advice).toBeTruthy();
	});
});
