import { createHash } from "node:crypto";
import { RoomError } from "../../../../device/core/RoomError.ts";
import { type FlashTarget, refuseTarget } from "../../../../provisioning/cli/image/flash/FlashTarget.ts";
import { flashDisk } from "../../../../provisioning/cli/image/flash/flashDisk.ts";
import type { DiskManifest } from "../../../../provisioning/contract/diskManifest.ts";
import type {
	Installation,
	InstallDisk,
	InstallFault,
	InstallStep,
} from "../../../../provisioning/contract/installation.ts";
import { imageSize, MIB } from "../../../disk/layout.ts";

/** What the data partition needs at least (repart.d/50-data.conf). */
const DATA_BYTES = 512 * MIB;

export interface InstallerOptions {
	version: string;
	/** The signed manifest of the disk, if it is right, and for this kind of machine. Errors: `firmware.…`. */
	manifest(): Promise<DiskManifest>;
	/** The disk's bytes, each time anew. */
	image(): AsyncIterable<Buffer>;
	/** The set-up file that the stick brings, if it is right; null: none. Errors: `setup.…`. */
	setUp(): Promise<string | null>;
	disks(leastBytes: number): Promise<InstallDisk[]>;
	/** Errors: those of `lookAtTarget`. */
	lookAt(disk: string): Promise<FlashTarget>;
	/** Leaves the set-up file on the start partition of what was written. */
	prepare(target: FlashTarget, setUp: string): Promise<void>;
	/** For the serial line. */
	say(text: string): void;
}

/** By the first word of its code. */
const faults: Readonly<Record<string, InstallFault>> = { firmware: "stick", flash: "disk", setup: "setup_file" };
/** Of a disk's codes, the one that is no fault of its own: what was read from the stick changed between two readings. */
const ofTheStick = new Set(["flash.image_changed"]);

/**
 * Installs what the stick brings on a disk of the machine. Everything is checked before the first byte is written: that the stick's content is what
 * was signed, the set-up file, and the disk. Then it is written and read back; the table of partitions comes last (flashDisk), so what is broken off
 * starts nowhere.
 */
export class Installer {
	readonly #options: InstallerOptions;
	#state: Installation["state"] = { is: "choosing" };

	constructor(options: InstallerOptions) {
		this.#options = options;
	}

	get state(): Installation["state"] {
		return this.#state;
	}

	async tell(): Promise<Installation> {
		const { version, disks } = this.#options;
		// while a disk is being written nobody looks at what is on it
		const choosing = this.#state.is === "choosing";
		return { version, state: this.#state, disks: choosing ? await disks(imageSize() * MIB + DATA_BYTES) : [] };
	}

	/** Erases that disk. Resolves when it is installed or has failed, which is said by the state; false: it was busy with another one, or was done. */
	async begin(disk: string): Promise<boolean> {
		if (this.#state.is === "busy" || this.#state.is === "installed") return false;
		const { version, say } = this.#options;
		this.#at(disk, "checking", 0);
		try {
			const prepared = await this.#install(disk);
			this.#state = { is: "installed", disk, prepared };
			say(`installed ${version} on ${disk}`);
		} catch (error) {
			const { code, message } = RoomError.from(error, "image.unexpected");
			const fault = ofTheStick.has(code) ? "stick" : (faults[code.split(".")[0] ?? ""] ?? "unexpected");
			this.#state = { is: "failed", fault, code };
			say(`${code}: ${message}`);
		}
		return true;
	}

	/** From a failure back to the choice. */
	again(): void {
		if (this.#state.is === "failed") this.#state = { is: "choosing" };
	}

	async #install(disk: string): Promise<boolean> {
		const { manifest, image, setUp, lookAt, prepare, say, version } = this.#options;
		const target = await lookAt(disk);
		const { bytes, sha256 } = await manifest();
		const refused = refuseTarget(target, bytes + DATA_BYTES);
		if (refused) throw refused;
		const told = await setUp();
		await this.#check(disk, { bytes, sha256 });
		say(`installing ${version} on ${disk}`);
		await flashDisk({
			...{ target, image: image(), bytes, sha256, signal: new AbortController().signal },
			progress: {
				written: (done) => this.#at(disk, "writing", done),
				read: (done) => this.#at(disk, "reading", done),
			},
		});
		if (told !== null) await prepare(target, told);
		return told !== null;
	}

	async #check(disk: string, { bytes, sha256 }: Pick<DiskManifest, "bytes" | "sha256">): Promise<void> {
		const hash = createHash("sha256");
		let at = 0;
		for await (const chunk of this.#options.image()) {
			hash.update(chunk);
			at += chunk.byteLength;
			this.#at(disk, "checking", Math.min(1, at / bytes));
		}
		if (at !== bytes || hash.digest("hex") !== sha256)
			throw new RoomError("firmware.altered", "what is on the stick is not what was signed");
		this.#at(disk, "writing", 0);
	}

	#at(disk: string, step: InstallStep, done: number): void {
		this.#state = { is: "busy", step, done, disk };
	}
}
