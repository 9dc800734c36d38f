import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeDeviceKey } from "../../../../provisioning/agent/identity/DeviceKey.ts";
import { IdentityStore, type NewIdentity, type Stored } from "../../../../provisioning/agent/identity/IdentityStore.ts";
import { diskFiles, type StateFiles } from "../../../../provisioning/agent/identity/StateFiles.ts";
import { type FleetCa, openCa } from "../../../../provisioning/service/ca/FleetCa.ts";

const deviceId = "dev-00000001";
const fleet = { deviceId, brokers: ["mqtts://127.0.0.1:1"], rendezvous: "http://127.0.0.1:1" };
let root: string;
let ca: FleetCa;
let one: NewIdentity;
let other: NewIdentity;
beforeAll(async () => {
	root = await mkdtemp(join(tmpdir(), "incamera-identity-"));
	ca = await openCa(join(root, "ca"));
	[one, other] = (await Promise.all([fresh(), fresh()])) as [NewIdentity, NewIdentity];
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function fresh(): Promise<NewIdentity> {
	const key = await makeDeviceKey();
	return { key: key.pem, chain: (await ca.issueFromCsr(key.request, deviceId)).chain, ca: ca.certificate };
}

/** A disk whose machine loses its power after so many changes; what was asked later never happens. */
function untilPowerCut(steps: number): StateFiles {
	let done = 0;
	const change = <Args extends unknown[]>(work: (...args: Args) => Promise<void>) => {
		return async (...args: Args): Promise<void> => {
			if (done >= steps) throw new Error("power cut");
			done += 1;
			await work(...args);
		};
	};
	return { ...diskFiles, write: change(diskFiles.write), remove: change(diskFiles.remove) };
}

const summary = (stored: Stored) =>
	stored.state === "member"
		? {
				key: stored.membership.identity.pem.key,
				candidate: stored.membership.candidate?.pem.key ?? null,
				confirmed: stored.membership.confirmed,
			}
		: stored.state;

/** What a life of a device does to its identity, step by step. */
const life: [name: string, step: (store: IdentityStore) => Promise<unknown>][] = [
	["join", (store) => store.join(one, fleet)],
	["confirmed", (store) => store.confirmed()],
	["addCandidate", (store) => store.addCandidate(other)],
	["promote", (store) => store.promote()],
	["addCandidate again", (store) => store.addCandidate(one)],
	["dropCandidate", (store) => store.dropCandidate()],
	["beginForgetting", (store) => store.beginForgetting()],
	["forget", (store) => store.forget()],
	["join again", (store) => store.join(other, fleet)],
];

describe("after a power cut", () => {
	test("at any point of any change, the old state is there or the new one, and nothing besides", async () => {
		let cuts = 0;
		for (let length = 1; length <= life.length; length++) {
			const [name, last] = life[length - 1]!;
			for (let steps = 0; ; steps++) {
				const folder = await mkdtemp(join(root, "device-"));
				const before = await IdentityStore.open(folder);
				for (const [, step] of life.slice(0, length - 1)) await step(before.store);
				const old = summary((await IdentityStore.open(folder)).stored);
				const { store } = await IdentityStore.open(folder, { files: untilPowerCut(steps) });
				const finished = await last(store).then(
					() => true,
					() => false,
				);
				const after = await IdentityStore.open(folder);
				const now = summary(after.stored);
				const complete = await rehearse(length);
				expect([old, complete], `${name}, cut after ${steps}`).toContainEqual(now);
				if (finished) expect(now).toEqual(complete);
				// nothing of what doesn't count is left lying about
				const kept = await readdir(join(folder, "identity")).catch(() => []);
				const counts = typeof now === "string" ? 0 : now.candidate === null ? 1 : 2;
				if (now !== "forgetting") expect(kept, `${name}, cut after ${steps}`).toHaveLength(counts);
				// and the device can go on: it forgets, and is enrolled again
				await after.store.beginForgetting();
				await after.store.forget();
				await after.store.join(other, fleet);
				expect(summary((await IdentityStore.open(folder)).stored)).toMatchObject({ key: other.key, confirmed: false });
				if (finished) break;
				cuts += 1;
			}
		}
		expect(cuts).toBeGreaterThan(15);
	}, 120_000);
});

const rehearsed = new Map<number, unknown>();
/** What the state is after so many steps of a life without any cut. */
async function rehearse(length: number): Promise<unknown> {
	if (!rehearsed.has(length)) {
		const folder = await mkdtemp(join(root, "rehearsal-"));
		const { store } = await IdentityStore.open(folder);
		for (const [, step] of life.slice(0, length)) await step(store);
		rehearsed.set(length, summary((await IdentityStore.open(folder)).stored));
	}
	return rehearsed.get(length);
}

test("files are for their owner only, and generations never come twice", async () => {
	const folder = await mkdtemp(join(root, "device-"));
	const { store } = await IdentityStore.open(join(folder, "state"));
	const first = await store.join(one, fleet);
	for (const path of [...Object.values(first.identity.files), join(folder, "state/claim.json")]) {
		expect((await stat(path)).mode & 0o777).toBe(0o600);
	}
	expect((await stat(join(folder, "state"))).mode & 0o777).toBe(0o700);
	await store.beginForgetting();
	await store.forget();
	const second = await store.join(one, fleet);
	expect(second.identity.generation).toBeGreaterThan(first.identity.generation);
});

test("changes at the same time follow each other, and none is made to what is forgotten", async () => {
	const folder = await mkdtemp(join(root, "device-"));
	const { store } = await IdentityStore.open(folder);
	await store.join(one, fleet);
	const results = await Promise.allSettled([
		store.addCandidate(other),
		store.beginForgetting(),
		store.promote(),
		store.confirmed(),
		store.forget(),
	]);
	expect(results.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "rejected", "fulfilled"]);
	expect((await IdentityStore.open(folder)).stored).toEqual({ state: "none" });
});

test("a state that is damaged is refused, not begun anew", async () => {
	for (const [file, text] of [
		["claim.json", "{"],
		["claim.json", JSON.stringify({ v: 2, state: "none", last: 0 })],
		["identity/1/key.pem", other?.key ?? ""],
		["identity/1/certificate.pem", ""],
	] as const) {
		const folder = await mkdtemp(join(root, "device-"));
		const { store } = await IdentityStore.open(folder);
		await store.join(one, fleet);
		await diskFiles.write(join(folder, file), file.endsWith("key.pem") ? other.key : text);
		await expect(IdentityStore.open(folder)).rejects.toMatchObject({ code: "identity.unreadable" });
	}
});
