import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EnrolDown, EnrolUp } from "../../../../provisioning/contract/enrolment.ts";
import { CODE_ALPHABET } from "../../../../provisioning/contract/enrolment.ts";
import { topics } from "../../../../provisioning/contract/topics.ts";
import { x509 } from "../../../../provisioning/service/ca/x509.ts";
import { type DeviceKey, requestFor } from "../../../sim/fleet/deviceKey.ts";
import { random16 } from "../../../sim/fleet/enrolDevice.ts";
import { TlsInterceptor } from "../../../sim/network/TlsInterceptor.ts";
import { facts, TestFleet } from "../fleet/TestFleet.ts";
import { BootstrapClient } from "./BootstrapClient.ts";

let fleet: TestFleet;
beforeAll(async () => {
	// Two workers: each message of a handshake goes to either.
	fleet = await TestFleet.start({
		workers: 2,
		worker: { limits: { beginnings: { burst: 10_000, perSecond: 1000 } } },
	});
});
afterAll(() => fleet?.close());

const codeRow = (id: string) =>
	fleet.db.selectFrom("enrolment_codes").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
/** Another code of the same lookup. */
const wrong = (code: string): string => {
	const last = code.at(-1) as string;
	return code.slice(0, -1) + CODE_ALPHABET[(CODE_ALPHABET.indexOf(last) + 1) % CODE_ALPHABET.length];
};
const audits = async (target: string) =>
	(
		await fleet.db.selectFrom("audit").select(["actor", "action"]).where("target", "=", target).orderBy("seq").execute()
	).map(({ actor, action }) => `${actor} ${action}`);

describe("a right code", () => {
	test("makes a device of the fleet: issued, confirmed, told its twin, seen; the code is burned", async () => {
		const { code, id: codeId } = await fleet.code("Amber");
		const identity = await fleet.enrol(code.toLowerCase().replaceAll("-", " "));
		expect(await fleet.row(identity.id)).toMatchObject({ state: "pending", label: "Amber", serial_number: "SN-1" });
		expect(await codeRow(codeId)).toMatchObject({ state: "issued" });
		const device = fleet.simulate({ identity });
		device.start();
		await device.claimed;
		expect(device.doc).toMatchObject({ room: { name: "Amber" }, rendezvous: null, showTitles: false });
		await expect.poll(() => fleet.row(device.id)).toMatchObject({ state: "active", online: true });
		await expect.poll(() => fleet.twin(device.id)).toMatchObject({ desired_rev: 1, applied_rev: 1 });
		expect(await codeRow(codeId)).toMatchObject({ state: "used", secret_sealed: null, device_id: device.id });
		const [certificate] = await fleet.db
			.selectFrom("certificates")
			.selectAll()
			.where("device_id", "=", device.id)
			.execute();
		expect(certificate).toMatchObject({
			state: "active",
			serial: new x509.X509Certificate(identity.chain).serialNumber,
		});
		expect(await audits(`device:${device.id}`)).toEqual(["service device.issue", `device:${device.id} device.enrol`]);
		expect(await audits(`enrolment:${codeId}`)).toEqual(["person:test enrolment.create"]);
		// Used up.
		await expect(fleet.enrol(code)).rejects.toMatchObject({ code: "enrol.code_wrong" });
	});

	test("is told to devices only: not in the database, nor in the log, nor on the bus", async () => {
		const { code, id } = await fleet.code();
		const secret = code.replaceAll("-", "").slice(4);
		const said: string[] = [];
		const identity = await fleet.enrol(code, { heard: (message) => said.push(JSON.stringify(message)) });
		const row = await codeRow(id);
		const written = JSON.stringify([row, row.secret_sealed?.toString("latin1"), said, fleet.log, identity.chain]);
		expect(written).not.toContain(secret);
		expect(row.secret_sealed).not.toBeNull();
	});

	test("whose answer got lost works again: the second device has it, what the first was issued counts for nothing", async () => {
		const { code, id } = await fleet.code();
		const first = await fleet.enrol(code);
		const second = await fleet.enrol(code);
		expect(second.id).not.toBe(first.id);
		const device = fleet.simulate({ identity: second });
		device.start();
		await device.claimed;
		expect(await codeRow(id)).toMatchObject({ state: "used", device_id: second.id });
		expect(await fleet.row(first.id)).toBeUndefined();
		const serial = new x509.X509Certificate(first.chain).serialNumber;
		const late = fleet.simulate({ identity: first });
		late.start();
		await expect.poll(() => new x509.X509Crl(fleet.ca.crl).findRevoked(serial)?.serialNumber).toBe(serial);
		await expect.poll(() => late.isOnline).toBe(false);
		expect(await fleet.row(first.id)).toBeUndefined();
	});

	test("typed at two devices at once makes a device of one", async () => {
		const { code } = await fleet.code();
		const both = await Promise.all([fleet.enrol(code), fleet.enrol(code)]);
		const devices = both.map((identity) => fleet.simulate({ identity }));
		for (const device of devices) device.start();
		await expect
			.poll(async () =>
				(await Promise.all(devices.map(({ id }) => fleet.row(id)))).map((row) => row?.state ?? "none").sort(),
			)
			.toEqual(["active", "none"]);
	});

	test("that was withdrawn is none; withdrawn while a device is about to come, that one is out", async () => {
		const open = await fleet.code();
		await fleet.duties.enrolments.withdraw(open.id, "person:test");
		await expect(fleet.enrol(open.code)).rejects.toMatchObject({ code: "enrol.code_wrong" });
		const issued = await fleet.code();
		const identity = await fleet.enrol(issued.code);
		await fleet.duties.enrolments.withdraw(issued.id, "person:test");
		expect(await fleet.row(identity.id)).toBeUndefined();
		expect(await codeRow(issued.id)).toMatchObject({ state: "withdrawn", secret_sealed: null });
		await expect(fleet.duties.enrolments.withdraw(issued.id, "person:test")).rejects.toMatchObject({
			code: "api.not_found",
		});
		const used = await fleet.device();
		const [row] = await fleet.db.selectFrom("enrolment_codes").select("id").where("device_id", "=", used.id).execute();
		await expect(fleet.duties.enrolments.withdraw(row!.id, "person:test")).rejects.toMatchObject({
			code: "api.not_found",
		});
	});
});

describe("a wrong code", () => {
	test("locks after five tries, whoever tries; then the right one is no use", async () => {
		const { code, id } = await fleet.code();
		for (let left = 4; left > 0; left--) {
			await expect(fleet.enrol(wrong(code))).rejects.toMatchObject({ code: "enrol.code_wrong" });
			expect(await codeRow(id)).toMatchObject({ state: "open", tries_left: left });
		}
		await expect(fleet.enrol(wrong(code))).rejects.toMatchObject({ code: "enrol.code_locked" });
		expect(await codeRow(id)).toMatchObject({ state: "locked", tries_left: 0, secret_sealed: null });
		await expect(fleet.enrol(code)).rejects.toMatchObject({ code: "enrol.code_locked" });
	});

	test("tried many times at once is not tried more often", async () => {
		const { code, id } = await fleet.code();
		const proofs = fleet.count("enrolment_proofs");
		const ends = await Promise.allSettled(Array.from({ length: 12 }, () => fleet.enrol(wrong(code))));
		expect(ends.every(({ status }) => status === "rejected")).toBe(true);
		expect(fleet.count("enrolment_proofs") - proofs).toBe(5);
		expect(await codeRow(id)).toMatchObject({ state: "locked" });
	});

	test("four times, and then the right one: it works", async () => {
		const { code } = await fleet.code();
		for (let index = 0; index < 4; index++) await expect(fleet.enrol(wrong(code))).rejects.toThrow();
		await fleet.enrol(code);
	});

	test("of a lookup that nobody knows is answered in the same words, step by step, and locks too", async () => {
		const known = (await fleet.code()).code;
		const codes = await fleet.db.selectFrom("enrolment_codes").select("lookup").execute();
		const free = [...CODE_ALPHABET]
			.map((a) => `0Z${a}Z`)
			.find((lookup) => !codes.some((row) => row.lookup === lookup))!;
		const talk = async (code: string) => {
			const words: string[] = [];
			for (let index = 0; index < 6; index++) {
				const heard: EnrolDown[] = [];
				const end = await fleet.enrol(code, { heard: (message) => heard.push(message) }).catch((error) => error.code);
				words.push(`${heard.map((message) => Object.keys(message).sort().join()).join(" ")} ${end}`);
			}
			return words;
		};
		expect(await talk(free + known.slice(4))).toEqual(await talk(wrong(known)));
	});

	test("that is none at all is not even sent", async () => {
		await expect(fleet.enrol("ABCD-EFGH")).rejects.toMatchObject({ code: "enrol.code_malformed" });
	});

	test("and an expired one: the same", async () => {
		const { code, id } = await fleet.code();
		await fleet.db
			.updateTable("enrolment_codes")
			.set({ expires_at: new Date(Date.now() - 1) })
			.where("id", "=", id)
			.execute();
		await expect(fleet.enrol(code)).rejects.toMatchObject({ code: "enrol.code_wrong" });
		// Tries at what is over don't count for it.
		expect(await codeRow(id)).toMatchObject({ tries_left: 5 });
	});
});

describe("a request for a certificate", () => {
	const rsa = async (): Promise<Uint8Array> => {
		const algorithm = {
			name: "RSASSA-PKCS1-v1_5",
			hash: "SHA-256",
			modulusLength: 2048,
			publicExponent: new Uint8Array([1, 0, 1]),
		};
		const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
		const csr = await x509.Pkcs10CertificateRequestGenerator.create({ keys, signingAlgorithm: algorithm });
		return new Uint8Array(csr.rawData);
	};
	const withCa = async ({ keys }: DeviceKey): Promise<Uint8Array> => {
		const csr = await x509.Pkcs10CertificateRequestGenerator.create({
			keys,
			signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
			extensions: [new x509.BasicConstraintsExtension(true, 2, true)],
		});
		return new Uint8Array(csr.rawData);
	};
	const broken = async (key: DeviceKey): Promise<Uint8Array> => {
		const csr = await requestFor(key);
		csr[csr.length - 1]! ^= 1;
		return csr;
	};
	test.each([
		["for another's name", (key: DeviceKey) => requestFor(key, "CN=fleet-service-1")],
		["for a weak kind of key", rsa],
		["that asks to be an authority", withCa],
		["with a wrong signature", broken],
		["that is noise", async () => new Uint8Array(randomBytes(200))],
	])("%s is refused, and neither the code nor a try is lost", async (_, request) => {
		const { code, id } = await fleet.code();
		for (let index = 0; index < 2; index++) {
			await expect(fleet.enrol(code, { request })).rejects.toMatchObject({ code: "enrol.csr_refused" });
		}
		expect(await codeRow(id)).toMatchObject({ state: "open", tries_left: 5 });
		await fleet.enrol(code);
	});
});

describe("a handshake", () => {
	const send = (client: BootstrapClient, message: object) =>
		client.publish(topics.enrolUp(client.nonce), Buffer.from(JSON.stringify(message)));
	const envelope = () => ({ v: 1, mid: random16(), ts: Date.now() });
	const hello = (lookup: string, devNonce = random16()) => ({ ...envelope(), op: "hello", facts, lookup, devNonce });
	const csr = { op: "csr", csr: "AAAA", mac: "x".repeat(43) };

	test("out of order is refused: a proof without a challenge, another hello under the same nonce", async () => {
		const client = await BootstrapClient.connect(fleet.broker.bootstrapUrl!);
		await send(client, { ...envelope(), ...csr });
		await expect.poll(() => client.heard).toMatchObject([{ op: "refused", code: "enrol.out_of_order" }]);
		client.heard.length = 0;
		const once = hello("ABCD");
		await send(client, once);
		await expect.poll(() => client.heard).toMatchObject([{ op: "challenge" }]);
		// Sent twice: the same challenge.
		await send(client, once);
		await expect.poll(() => client.heard.length).toBe(2);
		expect(client.heard[1]).toMatchObject({ srvNonce: (client.heard[0] as { srvNonce: string }).srvNonce });
		await send(client, hello("ABCD"));
		await expect.poll(() => client.heard[2]).toMatchObject({ op: "refused", code: "enrol.out_of_order" });
		await client.close();
	});

	test("recorded and played to the fleet under another nonce is worth nothing", async () => {
		const { code, id } = await fleet.code();
		const recorded: EnrolUp[] = [];
		await fleet.enrol(code, {
			tamper: (message) => {
				recorded.push(message);
				return message;
			},
		});
		const client = await BootstrapClient.connect(fleet.broker.bootstrapUrl!);
		await send(client, recorded[0]!);
		await expect.poll(() => client.heard).toMatchObject([{ op: "challenge" }]);
		await send(client, recorded[1]!);
		await expect.poll(() => client.heard[1]).toMatchObject({ op: "refused", code: "enrol.code_wrong" });
		expect((await codeRow(id)).state).toBe("issued");
		await client.close();
	});

	test("whose every message comes twice or three times ends as if once", async () => {
		const { code } = await fleet.code();
		const before = (await fleet.db.selectFrom("devices").select("id").execute()).length;
		const client = await BootstrapClient.connect(fleet.broker.bootstrapUrl!);
		const identity = await client.enrol(code, { times: 3 });
		expect((await fleet.db.selectFrom("devices").select("id").execute()).length).toBe(before + 1);
		// All answers are one and the same.
		const issued = client.heard.filter(({ op }) => op === "issued");
		expect(new Set(issued.map((message) => JSON.stringify(message))).size).toBe(1);
		expect(await fleet.row(identity)).toMatchObject({ state: "pending" });
		await client.close();
	});

	test("in the middle of which somebody sits is worth nothing to them: the proof is bound to the certificate that was seen", async () => {
		const { code, id } = await fleet.code();
		const own = await fleet.ca.issueServer(["127.0.0.1"]);
		const middle = await TlsInterceptor.open(own, fleet.broker.bootstrapUrl!);
		const heard: string[] = [];
		const enrolled = fleet.enrol(code, { url: middle.url, heard: ({ op }) => heard.push(op) });
		await expect(enrolled).rejects.toMatchObject({ code: "enrol.code_wrong" });
		expect(heard).toEqual(["challenge", "refused"]);
		expect(middle.bytes).toBeGreaterThan(500);
		expect(await codeRow(id)).toMatchObject({ state: "open", tries_left: 4 });
		await middle.close();
		await fleet.enrol(code);
	});

	test("with somebody who only plays the fleet is worth nothing to the device: whoever does not know the code can't answer", async () => {
		const { code } = await fleet.code();
		const strange = await BootstrapClient.playFleet();
		await expect(fleet.enrol(code, { url: strange.url })).rejects.toMatchObject({ code: "enrol.fleet_not_proved" });
		await strange.close();
	});

	test("and floods of them are held off, for one client and for all, while devices of the fleet are heard", async () => {
		const calm = await TestFleet.start({ worker: { limits: { beginnings: { burst: 5, perSecond: 0.001 } } } });
		try {
			const device = await calm.device();
			const client = await BootstrapClient.connect(calm.broker.bootstrapUrl!);
			const nonceOnly = hello("ABCD");
			for (let index = 0; index < 40; index++) await send(client, nonceOnly);
			await client.close();
			const clients = await Promise.all(
				Array.from({ length: 12 }, () => BootstrapClient.connect(calm.broker.bootstrapUrl!)),
			);
			for (const one of clients) await send(one, hello("ABCD"));
			await expect
				.poll(
					() =>
						clients.filter(({ heard }) => heard.some((m) => m.op === "refused" && m.code === "enrol.too_many")).length,
				)
				.toBeGreaterThanOrEqual(8);
			// One client's forty were answered eight times, and some more as time went by.
			expect(client.heard.length).toBeLessThan(20);
			device.status = { ...device.status, activity: "busy" };
			await device.report();
			await expect.poll(async () => (await calm.twin(device.id)).status?.activity).toBe("busy");
			await Promise.all(clients.map((one) => one.close()));
		} finally {
			await calm.close();
		}
	});
});
