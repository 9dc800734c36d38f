import { createHash, randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { command } from "../../../image/core/command.ts";
import type { Made } from "../../../image/core/Workshop.ts";
import { imageSize, layout, MIB, type PartitionName } from "../../../image/disk/layout.ts";
import type { Keys } from "../../../image/keys/keys.ts";
import { Emulator } from "../../../image/run/Emulator.ts";
import { diskFor } from "../../../image/run/run.ts";
import { resizeDesktop } from "./resizeDesktop.ts";

const root = join(import.meta.dirname, "../../..");
/** Where pictures of the screen are kept, to be looked at. */
export const pictures = join(root, "image/out/pictures");

/** Of a screen, 0–1 from the left and from the top. */
export interface Part {
	left: number;
	top: number;
	right: number;
	bottom: number;
}

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

	/** One whose disk is new, as long as `diskFor` makes them. */
	static async bare(keys: Keys): Promise<Machine> {
		const folder = await mkdtemp(join(tmpdir(), "incamera-machine-"));
		await command("truncate", ["-s", "6144M", join(folder, "disk.img")]);
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

	/** `clock`: what its clock stands at, UTC; absent: now. `tv`: a TV can be plugged in. `stick`: that is in it. `debugged`: see `debugger`. */
	async on({
		clock,
		tv = false,
		stick,
		debugged = false,
	}: {
		clock?: string;
		tv?: boolean;
		stick?: string;
		debugged?: boolean;
	} = {}): Promise<Emulator> {
		for (const socket of ["tpm.socket", "qmp.socket", "control.socket", "tv.socket", "debugger.socket"])
			await rm(join(this.folder, socket), { force: true });
		this.#emulator = await Emulator.start({
			disk: this.#disk,
			certificate: this.#certificate,
			folder: this.folder,
			...(clock ? { clock } : {}),
			...(stick ? { stick } : {}),
			...{ tv, debugged },
		});
		return this.#emulator;
	}

	async off(): Promise<void> {
		await this.#emulator?.off();
		this.#emulator = null;
	}

	/** Where its debugger is. */
	get debugger(): string {
		return join(this.folder, "debugger.socket");
	}

	/** `head` 0 is the panel, 1 the TV. */
	async picture(name: string, head = 0): Promise<string> {
		mkdirSync(pictures, { recursive: true });
		const file = join(pictures, `${name}.png`);
		await this.running.qmp.screenshot(file, head);
		return file;
	}

	/** Plugs a TV of this size in; 0 × 0 pulls it out. */
	plugTv(width: number, height: number): Promise<void> {
		return resizeDesktop(join(this.folder, "tv.socket"), width, height);
	}

	/** What is drawn in a part of a screen, as a hash: another one is another drawing. */
	async drawn(part: Part, head = 0): Promise<string> {
		const hash = createHash("sha256");
		for (const row of await this.#rows(part, head)) hash.update(row);
		return hash.digest("hex");
	}

	/** The brightest value in a part of a screen, 0–255. */
	async brightest(part: Part, head = 0): Promise<number> {
		return Math.max(...(await this.#rows(part, head)).map((row) => Math.max(...row)));
	}

	/** Pixels of three bytes, row by row. */
	async #rows(part: Part, head: number): Promise<Buffer[]> {
		const file = join(this.folder, "screen.ppm");
		await this.running.qmp.command("screendump", { filename: file, device: "screen", head });
		const bytes = await readFile(file);
		const [start = "", width = 0, height = 0] = readPpm(bytes);
		const at = (x: number, y: number) => start.length + (y * width + Math.round(x * width)) * 3;
		const rows: Buffer[] = [];
		for (let y = Math.round(part.top * height); y < part.bottom * height; y++)
			rows.push(bytes.subarray(at(part.left, y), at(part.right, y)));
		return rows;
	}

	/** What IT does before its first start, with the machine off: words of `incamera image prepare`. */
	async prepare(words: readonly string[]): Promise<void> {
		await incamera("image", "prepare", this.#disk, ...words);
	}

	/** What IT does with the disk of a machine whose board is gone: words of `incamera image recover`. Returns what that says. */
	recover(...words: string[]): Promise<string> {
		return incamera("image", "recover", this.#disk, ...words);
	}

	/** Spoils a partition of a machine that is off: writes noise at this many MiB from its start. */
	async spoil(partition: PartitionName | "data", at: number): Promise<void> {
		// what is left of the disk, behind the others
		const place = (partition === "data" ? imageSize() - 1 : layout()[partition].start) + at;
		await command("dd", [
			"if=/dev/urandom",
			`of=${this.#disk}`,
			"bs=1M",
			"count=1",
			`seek=${place}`,
			"conv=notrunc",
			"status=none",
		]);
	}

	/** Writes a release into the other slot of a machine that is off, as an installation leaves it. */
	async fill(slot: "a" | "b", release: Made): Promise<void> {
		for (const part of ["boot", "rootfs"] as const) {
			const { start } = layout()[`${part}-${slot}`];
			const from = `if=${join(release.folder, `${part}.img`)}`;
			await command("dd", [from, `of=${this.#disk}`, "bs=1M", `seek=${start}`, "conv=notrunc", "status=none"]);
		}
	}

	/** The loader's memory of a machine that is off. */
	async memory(): Promise<Record<string, string>> {
		const file = join(this.folder, "grubenv");
		await command("mcopy", ["-n", "-i", this.#startPartition, "::/grub/grubenv", file]);
		const lines = (await command("grub-editenv", [file, "list"])).trim().split("\n");
		return Object.fromEntries(lines.map((line) => line.split("=") as [string, string]));
	}

	/** Sets both copies of it; `spoilt`: the first one is then overwritten by what a power cut may leave. */
	async remember(values: Record<string, string>, { spoilt = false } = {}): Promise<void> {
		const file = join(this.folder, "grubenv");
		await command("mcopy", ["-n", "-i", this.#startPartition, "::/grub/grubenv", file]);
		await command("grub-editenv", [file, "set", ...Object.entries(values).map(([name, value]) => `${name}=${value}`)]);
		const put = (to: string) => command("mcopy", ["-o", "-i", this.#startPartition, file, `::/grub/${to}`]);
		await put("grubenv.copy");
		if (spoilt) await writeFile(file, randomBytes(1024));
		await put("grubenv");
	}

	/** Overwrites both. */
	async forget(): Promise<void> {
		const file = join(this.folder, "grubenv");
		await writeFile(file, randomBytes(1024));
		for (const to of ["grubenv", "grubenv.copy"])
			await command("mcopy", ["-o", "-i", this.#startPartition, file, `::/grub/${to}`]);
	}

	get #disk(): string {
		return join(this.folder, "disk.img");
	}

	/** The ESP, as mtools names it. */
	get #startPartition(): string {
		return `${this.#disk}@@${layout().esp.start * MIB}`;
	}

	async throwAway(): Promise<void> {
		await this.off();
		await rm(this.folder, { recursive: true });
	}
}

/** The technician's and IT's program; returns what it says. */
export const incamera = (...words: string[]): Promise<string> =>
	command(process.execPath, [join(root, "provisioning/cli/main.ts"), ...words]);

/** Head, width and height of a binary PPM (netpbm, ppm(5)). */
function readPpm(bytes: Buffer): [string, number, number] {
	const [head, width, height] = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(bytes.toString("latin1", 0, 64)) ?? [];
	if (head === undefined) throw new Error("the emulator's picture can't be read");
	return [head, Number(width), Number(height)];
}
