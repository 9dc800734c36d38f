/** A device's recovery key, on a real header: what is there after each power cut, and who may say for whom it is made. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { certificateFrom } from "../../image/root/programs/recovery/certificateFrom.ts";
import { DataHeader } from "../../image/root/programs/recovery/DataHeader.ts";
import { keepRecoveryKey, type Places } from "../../image/root/programs/recovery/keepRecoveryKey.ts";
import { type Found, nextStep } from "../../image/root/programs/recovery/nextStep.ts";
import { open } from "../../provisioning/recovery/envelope.ts";
import { envelopeName, type Note, opens, SLOTS, type Slot } from "../../provisioning/recovery/luksHeader.ts";
import { RecoveryDisk } from "../sim/image/RecoveryDisk.ts";

let disk: RecoveryDisk;
type Pair = Awaited<ReturnType<RecoveryDisk["pair"]>>;
let [first, second]: Pair[] = [];
const pairs = (): [Pair, Pair] => [first as Pair, second as Pair];

beforeAll(async () => {
	disk = await RecoveryDisk.make();
	first = await disk.pair("first");
	second = await disk.pair("second", "--replaces", disk.at("first"));
});
afterAll(() => disk.remove());

/** Slots whose key is in their file, for one of these; and that there is no slot without. */
async function workingFor(...of: Pair[]): Promise<Map<Slot, Pair>> {
	const working = new Map<Slot, Pair>();
	for (const slot of (await disk.places.header.read()).slots.keys()) {
		const envelope = await readFile(join(disk.at("efi"), envelopeName(slot)));
		for (const pair of of) {
			const key = await open(envelope, { file: pair.key, passphrase: "none" });
			if (key !== null && (await opens(disk.at("data"), slot, key))) working.set(slot, pair);
		}
		expect([slot, working.has(slot)]).toEqual([slot, true]);
	}
	return working;
}

/** The power is cut before the n-th write, or in the middle of it where that can be; counted over both places. */
function cutAt(nth: number): Places {
	const { header, files } = disk.places;
	let writes = 0;
	const write = async <T>(act: () => Promise<T>, half?: () => Promise<unknown>): Promise<T> => {
		if (++writes === nth) {
			await half?.();
			throw new Error("power cut");
		}
		return await act();
	};
	return {
		header: {
			read: () => header.read(),
			addKey: (slot, key) => write(() => header.addKey(slot, key)),
			addNote: (slot, note) => write(() => header.addNote(slot, note)),
			removeSlot: (slot) => write(() => header.removeSlot(slot)),
			removeNote: (token) => write(() => header.removeNote(token)),
		},
		files: {
			read: () => files.read(),
			write: (slot, envelope) =>
				write(
					() => files.write(slot, envelope),
					() => files.write(slot, envelope.subarray(0, 99)),
				),
			remove: (slot) => write(() => files.remove(slot)),
		},
	};
}

/** Cuts before each write in turn, each time from the same beginning; how many there were. */
async function cutEverywhere(
	from: () => Promise<void>,
	certificate: Pair["certificate"],
	look: () => Promise<void>,
): Promise<number> {
	for (let nth = 1; ; nth++) {
		await from();
		const cut = await keepRecoveryKey(cutAt(nth), certificate).then(
			() => false,
			() => true,
		);
		if (!cut) return nth - 1;
		await look();
		await keepRecoveryKey(disk.places, certificate);
		await look();
	}
}

describe("a recovery key", () => {
	beforeEach(() => disk.restore("first start"));

	it("is made once, opens the partition, and leaves the TPM's slot alone", async () => {
		const [it] = pairs();
		expect(await keepRecoveryKey(disk.places, it.certificate)).toBe(1);
		expect([...(await workingFor(it)).keys()]).toEqual([1]);
		const before = await readFile(disk.at("data"));
		expect(await keepRecoveryKey(disk.places, it.certificate)).toBe(0);
		expect((await readFile(disk.at("data"))).equals(before)).toBe(true);
		expect(await readdir(disk.at("efi"))).toEqual(["recovery-1.cms"]);
		// one more proves that the key in slot 0 still opens it
		await disk.places.header.addKey(2, Buffer.from("x"));
	});

	it("is on the start partition or not in the header, wherever the power is cut", async () => {
		const [it] = pairs();
		const cuts = await cutEverywhere(
			() => disk.restore("first start"),
			it.certificate,
			async () => void (await workingFor(it)),
		);
		expect(cuts).toBe(3);
		expect((await workingFor(it)).size).toBe(1);
	}, 60_000);

	it("is there at each moment while another takes its place", async () => {
		const [before, after] = pairs();
		await keepRecoveryKey(disk.places, before.certificate);
		await disk.keep("in service");
		const cuts = await cutEverywhere(
			() => disk.restore("in service"),
			after.certificate,
			async () => expect((await workingFor(before, after)).size).toBeGreaterThan(0),
		);
		expect(cuts).toBe(6);
		expect([...(await workingFor(before, after)).values()]).toEqual([after]);
		expect(await readdir(disk.at("efi"))).toEqual(["recovery-2.cms"]);
		expect((await disk.places.header.read()).stray).toEqual([]);
	}, 90_000);

	it("is made anew if its file is gone or another", async () => {
		const [it] = pairs();
		await keepRecoveryKey(disk.places, it.certificate);
		const file = join(disk.at("efi"), "recovery-1.cms");
		const before = await readFile(file);
		await writeFile(file, before.fill(0, 100, 110));
		expect(await keepRecoveryKey(disk.places, it.certificate)).toBe(1);
		expect((await workingFor(it)).size).toBe(1);
		await disk.places.files.remove(1);
		expect(await keepRecoveryKey(disk.places, it.certificate)).toBe(1);
		expect((await workingFor(it)).size).toBe(1);
	});

	it("is not made where the TPM gives nothing out, and says so without asking anybody", async () => {
		const [it] = pairs();
		const byTpm = new DataHeader(disk.at("data"), ["--token-type", "systemd-tpm2", "--token-only"]);
		await expect(keepRecoveryKey({ ...disk.places, header: byTpm }, it.certificate)).rejects.toMatchObject({
			code: "recovery.not_unlocked",
		});
		expect((await workingFor(it)).size).toBe(0);
	});
});

describe("for whom it is made", () => {
	it("is decided by the first start; later only the holder of the certificate before can say so", async () => {
		const [it, next] = pairs();
		const stranger = await disk.pair("stranger");
		expect(certificateFrom(null, it.certificate)).toBe(it.certificate);
		expect(certificateFrom(it.certificate, it.certificate)).toBe(it.certificate);
		expect(certificateFrom(it.certificate, next.certificate)).toBe(next.certificate);
		expect(() => certificateFrom("none", it.certificate)).toThrow(
			expect.objectContaining({ code: "recovery.too_late" }),
		);
		for (const [before, after] of [
			[it, stranger],
			[next, it],
			[stranger, next],
		] as const) {
			expect(() => certificateFrom(before.certificate, after.certificate)).toThrow(
				expect.objectContaining({ code: "recovery.certificate_foreign" }),
			);
		}
	});
});

describe("the next step", () => {
	const certificates = ["a".repeat(64), "b".repeat(64)] as const;
	const digest = fc.constantFrom("1".repeat(64), "2".repeat(64));
	const note = fc.record({ certificate: fc.constantFrom(...certificates), envelope: digest });
	const slot = fc.constantFrom(...SLOTS);
	const found: fc.Arbitrary<Found> = fc
		.record({
			slots: fc.uniqueArray(fc.tuple(slot, fc.option(note)), { selector: ([one]) => one }),
			taken: fc.uniqueArray(slot),
			stray: fc.uniqueArray(fc.nat(31), { maxLength: 4 }),
			files: fc.uniqueArray(fc.tuple(slot, digest), { selector: ([one]) => one }),
		})
		.map(({ slots, taken, stray, files }) => ({
			header: {
				slots: new Map<Slot, Note | null>(slots.filter(([one]) => !taken.includes(one))),
				taken: new Set(taken),
				stray,
			},
			files: new Map(files),
		}));

	it("leads from whatever is there to one key with its file, and never past a slot of somebody else's", () => {
		fc.assert(
			fc.property(found, (start) => {
				const slots = new Map(start.header.slots);
				const files = new Map(start.files);
				let stray = [...start.header.stray];
				const works = (one: Slot): boolean => files.has(one) && files.get(one) === slots.get(one)?.envelope;
				for (let steps = 0; ; steps++) {
					expect(steps).toBeLessThan(16);
					const step = nextStep({ header: { slots, taken: start.header.taken, stray }, files }, certificates[0]);
					if (step === "full") {
						expect(start.header.taken.size).toBe(SLOTS.length);
						return;
					}
					if (step === null) break;
					if (step.do === "removeNote") stray = stray.filter((one) => one !== step.token);
					else {
						expect(step.do !== "removeFile" && start.header.taken.has(step.slot)).toBe(false);
						if (step.do === "removeFile") {
							expect(slots.has(step.slot)).toBe(false);
							files.delete(step.slot);
						}
						if (step.do === "makeKey") {
							expect(slots.has(step.slot)).toBe(false);
							files.set(step.slot, "3".repeat(64));
							slots.set(step.slot, { certificate: certificates[0], envelope: "3".repeat(64) });
						}
						if (step.do === "removeSlot") {
							// one that works goes for a better one, or where there is no room for it
							const better = SLOTS.some(
								(one) => one !== step.slot && works(one) && slots.get(one)?.certificate === certificates[0],
							);
							const full = SLOTS.every((one) => slots.has(one) || start.header.taken.has(one));
							expect(!works(step.slot) || better || full).toBe(true);
							slots.delete(step.slot);
						}
					}
				}
				expect(stray).toEqual([]);
				const [[only, said] = [], ...more] = [...slots];
				expect(more).toEqual([]);
				expect(said?.certificate).toBe(certificates[0]);
				expect([...files]).toEqual([[only, said?.envelope]]);
			}),
		);
	});
});
