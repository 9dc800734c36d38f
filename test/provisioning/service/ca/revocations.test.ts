import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ManualClock } from "../../../../device/core/clock.ts";
import { FileRevocations } from "../../../../provisioning/service/ca/FileRevocations.ts";
import { FleetCa, openCa } from "../../../../provisioning/service/ca/FleetCa.ts";
import type { RevocationStore } from "../../../../provisioning/service/ca/RevocationStore.ts";
import { proofSerial } from "../../../../provisioning/service/ca/revocationList.ts";
import { DatabaseRevocations, REVOCATION_LIST } from "../../../../provisioning/service/registry/DatabaseRevocations.ts";
import { TestDatabases } from "../db/TestDatabase.ts";

const DAY_MS = 86_400_000;
let databases: TestDatabases;
let folder: string;
let clock: ManualClock;

beforeAll(async () => {
	databases = await TestDatabases.start();
});
afterAll(() => databases?.close());
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "incamera-revocations-test-"));
	clock = new ManualClock(Date.now());
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** What OpenSSL reads in a list: its number, and serials with their reasons, but for the proofs. */
async function read(pem: string): Promise<{ number: number; revoked: Record<string, string> }> {
	const path = join(folder, "list.pem");
	await writeFile(path, pem);
	const { stdout } = await promisify(execFile)("openssl", ["crl", "-in", path, "-noout", "-text"]);
	const revoked: Record<string, string> = {};
	for (const [, serial, reason] of stdout.matchAll(/Serial Number: (\w+)[\s\S]*?Reason Code:\s+(\w[\w ]*)/g)) {
		revoked[String(serial).toLowerCase()] = String(reason).trim();
	}
	const number = Number(/CRL Number:\s+(\d+)/.exec(stdout)?.[1]);
	for (let ago = 0; ago < Math.min(32, number); ago++) {
		expect(revoked).toHaveProperty(proofSerial(number - ago));
		delete revoked[proofSerial(number - ago)];
	}
	return { number, revoked };
}

describe.each<[string, () => Promise<() => RevocationStore>]>([
	["a file", async () => () => new FileRevocations(join(folder, "ca"), clock)],
	[
		"the database",
		async () => {
			const { db } = await databases.fresh();
			return () => new DatabaseRevocations({ db, caFolder: join(folder, "ca"), clock });
		},
	],
])("revocations in %s", (_what, prepare) => {
	let store: () => RevocationStore;
	const open = () => openCa(join(folder, "ca"), { clock, revocations: store() });
	beforeEach(async () => {
		store = await prepare();
	});

	test("stay over a restart, each list has a higher number, and twice is once", async () => {
		const ca = await open();
		await Promise.all(["aa", "bb", "cc"].map((serial) => ca.revoke(serial)));
		const before = await read(ca.crl);
		expect(before).toEqual({
			number: 4,
			revoked: Object.fromEntries(
				["aa", "bb", "cc"].map((serial) => [serial.padStart(2, "0"), "Cessation Of Operation"]),
			),
		});
		await ca.revoke(["AA", "bb", "Bb"]);
		const { number, revoked } = await read(ca.crl);
		expect(revoked).toEqual(before.revoked);
		const again = await open();
		expect(await read(again.crl)).toEqual({ ...before, number: number + 1 });
		expect(await readFile(join(folder, "ca", "crl.pem"), "utf8")).toBe(again.crl);
	});

	test("bring a proof with each list, which is a certificate that the list revokes", async () => {
		const ca = await open();
		for (let count = 0; count < 40; count++) {
			const proof = await ca.issueProof();
			expect(await read(ca.crl)).toMatchObject({ revoked: {} });
			const { number } = await read(ca.crl);
			expect(proof.serial).toBe(proofSerial(number));
			await ca.renewCrl();
		}
	});

	test("are told with their reason", async () => {
		const ca = await open();
		for (const [serial, reason] of [
			["a1", "stolen"],
			["a2", "superseded"],
			["a3", "unconfirmed"],
			["a4", "retired"],
		] as const) {
			await ca.revoke(serial, { reason });
		}
		expect((await read(ca.crl)).revoked).toEqual({
			a1: "Key Compromise",
			a2: "Superseded",
			a3: "Cessation Of Operation",
			a4: "Cessation Of Operation",
		});
	});

	test("are dropped when the certificate has ended by itself, and not before", async () => {
		const ca = await open();
		await ca.revoke("aa", { expires: clock.now() + DAY_MS });
		await ca.revoke("bb");
		clock.advance(DAY_MS - 1);
		await ca.renewCrl();
		expect(Object.keys((await read(ca.crl)).revoked)).toEqual(["aa", "bb"]);
		clock.advance(1);
		await ca.renewCrl();
		expect(Object.keys((await read(ca.crl)).revoked)).toEqual(["bb"]);
		// Nothing of ours lives longer than 61 days.
		clock.advance(61 * DAY_MS);
		await ca.renewCrl();
		expect((await read(ca.crl)).revoked).toEqual({});
	});

	test("a store that fails leaves the list as it was, and the next attempt works", async () => {
		const ca = await open();
		const before = ca.crl;
		const failing = store().publish([], () => Promise.reject(new Error("no signature")));
		await expect(failing).rejects.toThrow("no signature");
		expect(ca.crl).toBe(before);
		await ca.revoke(["aa", "AA"]);
		expect(await read(ca.crl)).toMatchObject({ number: 2, revoked: { aa: "Cessation Of Operation" } });
	});
});

test("two workers with one database: nobody's revocation is lost, each hears of the other's list, and a foreign root is refused", async () => {
	const database = await databases.fresh();
	const other = await databases.open(database.name);
	const a = await openCa(join(folder, "a"), {
		clock,
		revocations: new DatabaseRevocations({ db: database.db, caFolder: join(folder, "a"), clock }),
	});
	await cp(join(folder, "a"), join(folder, "b"), { recursive: true });
	const heard: string[] = [];
	await other.listen(REVOCATION_LIST, (number) => heard.push(String(number)));
	const b = await openCa(join(folder, "b"), {
		clock,
		revocations: new DatabaseRevocations({ db: other.db, caFolder: join(folder, "b"), clock }),
	});
	const serials = Array.from({ length: 20 }, (_, index) => (0x100 + index).toString(16));
	await Promise.all(serials.map((serial, index) => (index % 2 ? a : b).revoke(serial)));
	await a.refreshCrl();
	await b.refreshCrl();
	expect(a.crl).toBe(b.crl);
	expect(await b.refreshCrl()).toBe(false);
	const list = await read(a.crl);
	expect(
		Object.keys(list.revoked)
			.map((serial) => serial.replace(/^0/, ""))
			.sort(),
	).toEqual(serials);
	expect(list.number).toBe(22);
	await expect.poll(() => heard).toContain("22");
	await expect(
		openCa(join(folder, "c"), {
			clock,
			revocations: new DatabaseRevocations({ db: other.db, caFolder: join(folder, "c"), clock }),
		}),
	).rejects.toMatchObject({ code: "ca.foreign_list" });
});

test("a certificate of a device that somebody revoked in the table is on the next list", async () => {
	const { db } = await databases.fresh();
	const ca = await FleetCa.open(join(folder, "ca"), {
		clock,
		revocations: new DatabaseRevocations({ db, caFolder: join(folder, "ca"), clock }),
	});
	const issued = await ca.issueDevice("room-berlin");
	await db
		.insertInto("devices")
		.values({ id: "room-berlin", serial_number: "1", model: "m", firmware: "1.0.0" } as never)
		.execute();
	const row = {
		serial: issued.serial,
		device_id: "room-berlin",
		state: "active" as const,
		not_before: new Date(issued.notBefore),
		not_after: new Date(issued.notAfter),
	};
	await db.insertInto("certificates").values(row).execute();
	await ca.renewCrl();
	expect((await read(ca.crl)).revoked).toEqual({});
	await db
		.updateTable("certificates")
		.set({ state: "revoked", revoked_at: new Date(clock.now()), reason: "stolen" })
		.where("device_id", "=", "room-berlin")
		.execute();
	await ca.renewCrl();
	expect((await read(ca.crl)).revoked).toEqual({ [issued.serial]: "Key Compromise" });
	// By its serial alone, it keeps its device.
	const second = await ca.issueDevice("room-berlin");
	await db
		.insertInto("certificates")
		.values({ ...row, serial: second.serial })
		.execute();
	await ca.revoke(second.serial, { reason: "superseded" });
	const rows = await db.selectFrom("certificates").select(["serial", "device_id", "state"]).execute();
	expect(rows.find(({ serial }) => serial === second.serial)).toMatchObject({
		device_id: "room-berlin",
		state: "revoked",
	});
});
