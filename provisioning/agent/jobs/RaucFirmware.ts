import * as z from "zod/mini";
import type { Clock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { type FirmwareSpec, firmwareSpec, firmwareVersion } from "../../contract/jobs.ts";
import { compareVersions } from "../../contract/versions.ts";
import type { StateFiles } from "../identity/StateFiles.ts";
import type { Download } from "./download/Download.ts";
import type { Booted, FirmwareExecutor, Slot, SlotContent } from "./FirmwareExecutor.ts";
import { type AppliancePaths, bootId, restartMachine, runningVersion } from "./rauc/Appliance.ts";
import { bootFailure } from "./rauc/bootFailure.ts";
import type { Rauc } from "./rauc/Rauc.ts";
import { type SlotGroup, slotGroups } from "./rauc/slotGroups.ts";

const slot = z.enum(["A", "B"]);
/** What we wrote into a slot. RAUC 1.8 keeps a bundle's version, and nothing by which it could be told from another of that version. */
const content = z.object({
	version: firmwareVersion,
	digest: firmwareSpec.shape.digest,
	/** As RAUC noted it: another one means that somebody else installed something. */
	identity: z.string(),
});
const kept = z.object({
	slots: z.object({ A: z.nullable(content), B: z.nullable(content) }),
	/** The slot that was to be started to prove itself, when, and in which start of the machine that was said. */
	trial: z.nullable(z.object({ slot, at: z.number(), bootId: z.optional(z.string()) })),
	/** The newest version that has proved itself here: nothing older is installed any more. */
	floor: z.nullable(firmwareVersion),
});
type Kept = z.infer<typeof kept>;

export interface RaucFirmwareOptions {
	rauc: Rauc;
	download: Download;
	paths: AppliancePaths;
	/** Where it remembers what it wrote, on the data partition. */
	statePath: string;
	files: StateFiles;
	clock: Clock;
}

const POLL_MS = 500;
/** A slot that is not written by then is not going to be. */
const MOST_INSTALL_MS = 30 * 60_000;

/**
 * Firmware by RAUC 1.8. `system.conf` must say `activate-installed=false`: when the machine starts from what was written is decided here, not by
 * RAUC. The bootloader counts the starts of a slot, so also a slot that has proved itself long ago is marked good after each start; one on trial
 * only when it has passed.
 */
export class RaucFirmware implements FirmwareExecutor {
	readonly supported = true;
	/** Writing, three starts that fail, and one of the old slot (measured: 24 s, 45 s each, 40 s); on slow machines four times that. */
	readonly worstCaseMs = 15 * 60_000;
	readonly #options: RaucFirmwareOptions;

	constructor(options: RaucFirmwareOptions) {
		this.#options = options;
	}

	/** Errors: `update.installer_failed`, `update.slots_unknown`, `update.version_unknown`. */
	async booted(): Promise<Booted> {
		const { paths } = this.#options;
		const [running, version, id] = [await this.#running(), await runningVersion(paths), await bootId(paths)];
		const { slots, trial } = await this.#read();
		const written = slots[running];
		const group = (await this.#groups())[running];
		const ours = written !== null && written.identity === group.identity && written.version === version;
		const failure = trial && trial.slot !== running ? await bootFailure(paths, trial) : null;
		return { version, slot: running, digest: ours ? written.digest : "", bootId: id, failure };
	}

	/** Errors: as `booted`. */
	async slots(): Promise<SlotContent[]> {
		const [running, { slots, trial }, groups] = [await this.#running(), await this.#read(), await this.#groups()];
		const version = await runningVersion(this.#options.paths);
		return (["A", "B"] as const).map((name) => {
			const { whole, version: noted, good } = groups[name];
			if (name === running) return { name, version, state: trial?.slot === name ? "trial" : "runs" };
			// what was begun and not finished has no version of which anything could be said
			if (noted === null || !whole) return { name, version: null, state: "unknown" };
			const written = slots[name]?.version ?? noted;
			return { name, version: written, state: good === false || trial?.slot === name ? "bad" : "ready" };
		});
	}

	/** After each start of the agent. Errors: as `booted`. */
	async started(): Promise<void> {
		const { rauc, paths } = this.#options;
		const { trial } = await this.#read();
		if (trial?.slot === (await this.#running())) return;
		// the loader has left it after its tries; nor is it the first to be tried should this one have bad luck
		if (trial?.bootId !== undefined && trial.bootId !== (await bootId(paths))) {
			await rauc.mark("active", "booted");
			await rauc.mark("bad", "other");
		}
		await rauc.mark("good", "booted");
	}

	/** Also: `update.bundle_refused` (signature, signer or form), `update.incompatible`, `update.version_wrong`, `update.not_newer`. */
	async download(spec: FirmwareSpec, options: { signal: AbortSignal; progress(pct: number): void }): Promise<void> {
		await this.#checkFloor(spec);
		const path = await this.#options.download.fetch(spec, options);
		await this.#inspect(path, spec);
	}

	async install(spec: FirmwareSpec, { progress }: { progress(pct: number): void }): Promise<void> {
		const { rauc, download } = this.#options;
		// the agent may have been started anew while RAUC went on
		await this.#idle(() => {});
		await this.#checkFloor(spec);
		const path = await download.verify(spec);
		await this.#inspect(path, spec);
		const [running, groups] = [await this.#running(), await this.#groups()];
		const target = other(running);
		const before = groups[target].identity;
		await this.#change((now) => {
			now.slots[target] = null;
		});
		await rauc.install(path);
		await this.#idle(progress);
		const message = await rauc.lastError();
		if (message !== "") throw new RoomError(installFailure(message), message);
		const written = (await this.#groups())[target];
		this.#checkWritten(written, before, spec);
		// were RAUC told to activate what it installs, a power cut would now end in a new firmware that nobody let in
		if ((await rauc.primary()) !== groups[running].name) await rauc.mark("active", "booted");
		await this.#change((now) => {
			now.slots[target] = { version: spec.version, digest: spec.digest, identity: written.identity };
		});
	}

	async reboot(): Promise<void> {
		const { rauc, paths, clock } = this.#options;
		const target = other(await this.#running());
		const trial = { slot: target, at: clock.now(), bootId: await bootId(paths) };
		await this.#change((now) => {
			now.trial = trial;
		});
		await rauc.mark("active", "other");
		await restartMachine(paths);
	}

	async markGood(): Promise<void> {
		const { rauc, paths } = this.#options;
		const version = await runningVersion(paths);
		await rauc.mark("good", "booted");
		await this.#change((now) => {
			now.trial = null;
			if (firmwareVersion.safeParse(version).success && isNewer(version, now.floor)) now.floor = version;
		});
	}

	async fallBack(): Promise<void> {
		const { rauc, paths } = this.#options;
		await rauc.mark("bad", "booted");
		await rauc.mark("active", "other");
		await restartMachine(paths);
	}

	discard(): Promise<void> {
		return this.#options.download.discard();
	}

	async #running(): Promise<Slot> {
		const name = slot.safeParse(await this.#options.rauc.bootSlot());
		if (!name.success) throw new RoomError("update.slots_unknown", "RAUC does not know which slot runs");
		return name.data;
	}

	async #groups(): Promise<Record<Slot, SlotGroup>> {
		const groups = slotGroups(await this.#options.rauc.slots());
		if (!groups) throw new RoomError("update.slots_unknown", "RAUC has other slots than A and B");
		return groups;
	}

	/** RAUC itself has no floor. */
	async #checkFloor({ version }: FirmwareSpec): Promise<void> {
		const { floor } = await this.#read();
		if (floor !== null && compareVersions(version, floor) < 0) {
			throw new RoomError("update.not_newer", "a newer firmware has been proved here already");
		}
	}

	/** What the bundle says of itself is what the job says of it, and it is for this machine. */
	async #inspect(path: string, spec: FirmwareSpec): Promise<void> {
		const { rauc } = this.#options;
		await this.#idle(() => {});
		const info = await rauc.info(path).catch((cause: unknown) => {
			throw new RoomError("update.bundle_refused", "RAUC refuses the bundle", { cause });
		});
		if (info.compatible !== (await rauc.compatible())) {
			throw new RoomError("update.incompatible", "the bundle is for another machine");
		}
		if (info.version !== spec.version) throw new RoomError("update.version_wrong", "the bundle has another version");
	}

	#checkWritten(written: SlotGroup, before: string, { version }: FirmwareSpec): void {
		if (written.whole && written.identity !== before && written.version === version) return;
		throw new RoomError("update.install_failed", "RAUC has not written the slot");
	}

	/** Until RAUC has nothing to do. */
	async #idle(progress: (pct: number) => void): Promise<void> {
		const { rauc, clock } = this.#options;
		const began = clock.now();
		while ((await rauc.operation()) !== "idle") {
			if (clock.now() - began > MOST_INSTALL_MS) throw new RoomError("update.install_failed", "RAUC comes to no end");
			progress(await rauc.progress());
			await new Promise<void>((resolve) => clock.after(POLL_MS, resolve));
		}
	}

	async #read(): Promise<Kept> {
		const { files, statePath } = this.#options;
		const text = await files.read(statePath);
		const parsed = kept.safeParse(jsonOf(text));
		// without it nothing is lost but the floor, and that the digest of what runs is known
		return parsed.success ? parsed.data : { slots: { A: null, B: null }, trial: null, floor: null };
	}

	async #change(change: (now: Kept) => void): Promise<void> {
		const now = await this.#read();
		change(now);
		await this.#options.files.write(this.#options.statePath, JSON.stringify(now));
	}
}

function jsonOf(text: string | null): unknown {
	try {
		return JSON.parse(text ?? "");
	} catch {
		return null;
	}
}

/** What a fleet can count, of RAUC's words for people. */
function installFailure(message: string): string {
	if (/signature verification failed|certificate/i.test(message)) return "update.bundle_refused";
	if (/[Cc]ompatible/.test(message)) return "update.incompatible";
	if (/No space left/i.test(message)) return "update.no_space";
	return "update.install_failed";
}

const isNewer = (version: string, than: string | null): boolean => than === null || compareVersions(version, than) > 0;
const other = (one: Slot): Slot => (one === "A" ? "B" : "A");
