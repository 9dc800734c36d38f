import { mkdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { command } from "../../../image/core/command.ts";
import type { Made } from "../../../image/core/Workshop.ts";
import { layout, MIB, type PartitionName } from "../../../image/disk/layout.ts";
import type { Keys } from "../../../image/keys/keys.ts";
import { Emulator } from "../../../image/run/Emulator.ts";
import { diskFor } from "../../../image/run/run.ts";

/** Where pictures of the screen are kept, to be looked at. */
const pictures = join(import.meta.dirname, "../../../image/out/pictures");

/** One emulated device with a disk of its own, from unboxing on. */
export class Machine {
	readonly folder: string;
	readonly #certificate: string;
	#emulator: Emulator | null = null;

	static async unbox(disk: Made, keys: Keys): Promise<Machine> {
		const folder = await mkdtemp(join(tmpdir(), "incamera-machine-"));
		await diskFor(disk, join(folder, "disk.img"));
		return new Machine(folder, keys.secureBoot.certificate);
	}

	private constructor(folder: string, certificate: string) {
		this.folder = folder;
		this.#certificate = certificate;
	}

	get running(): Emulator {
		if (!this.#emulator) throw new Error("the machine is off");
		return this.#emulator;
	}

	async on(): Promise<Emulator> {
		for (const socket of ["tpm.socket", "qmp.socket", "control.socket"])
			await rm(join(this.folder, socket), { force: true });
		this.#emulator = await Emulator.start({
			disk: join(this.folder, "disk.img"),
			certificate: this.#certificate,
			folder: this.folder,
		});
		return this.#emulator;
	}

	async off(): Promise<void> {
		await this.#emulator?.off();
		this.#emulator = null;
	}

	async picture(name: string): Promise<string> {
		mkdirSync(pictures, { recursive: true });
		const file = join(pictures, `${name}.png`);
		await this.running.qmp.screenshot(file);
		return file;
	}

	/** Spoils a partition of a machine that is off: writes noise at this many MiB from its start. */
	async spoil(partition: PartitionName, at: number): Promise<void> {
		const place = layout()[partition].start + at;
		const disk = join(this.folder, "disk.img");
		await command("dd", [
			"if=/dev/urandom",
			`of=${disk}`,
			"bs=1M",
			"count=1",
			`seek=${place}`,
			"conv=notrunc",
			"status=none",
		]);
	}

	/** The ESP of a machine that is off, as mtools names it. */
	get startPartition(): string {
		return `${join(this.folder, "disk.img")}@@${layout().esp.start * MIB}`;
	}

	async throwAway(): Promise<void> {
		await this.off();
		await rm(this.folder, { recursive: true });
	}
}
