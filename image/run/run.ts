import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { command } from "../core/command.ts";
import type { Made, Workshop } from "../core/Workshop.ts";
import type { Keys } from "../keys/keys.ts";
import { Emulator } from "./Emulator.ts";

/** MiB of the machine's disk: what the image leaves becomes its data partition. */
const DISK = 6144;

/** A copy of the image on a disk of a machine's size; empty blocks take no space. */
export async function diskFor(disk: Made, file: string, size = DISK): Promise<void> {
	await command("cp", ["--sparse=always", "--reflink=auto", join(disk.folder, "disk.img"), file]);
	await command("truncate", ["-s", `${size}M`, file]);
}

/** Starts the image in the emulator, for a person. The machine is kept, with what it has learnt, until `fresh`. */
export async function run(workshop: Workshop, parts: { disk: Made; keys: Keys; fresh: boolean }): Promise<void> {
	const folder = await workshop.store(`machine-${parts.disk.hash.slice(0, 16)}`);
	const file = join(folder, "disk.img");
	if (parts.fresh) await rm(folder, { recursive: true });
	await mkdir(folder, { recursive: true });
	if (!existsSync(file)) await diskFor(parts.disk, file);
	for (const socket of ["tpm.socket", "qmp.socket", "control.socket"]) await rm(join(folder, socket), { force: true });
	const window = Boolean(process.env["DISPLAY"] ?? process.env["WAYLAND_DISPLAY"]);
	const vnc = await freeDisplay();
	const emulator = await Emulator.start({
		disk: file,
		certificate: parts.keys.secureBoot.certificate,
		folder,
		display: window ? { window: true } : { vnc },
	});
	const { progress } = workshop;
	progress.say(window ? "The panel is the window." : `The panel, for a VNC viewer: 127.0.0.1:${5900 + vnc}`);
	progress.say(
		`Serial line: ${emulator.serialLog}\nQMP, for your own tools: ${join(folder, "control.socket")}\nAn emulated machine takes a minute or two. Ctrl-C ends it.`,
	);
	let over = false;
	const stop = (): void => {
		over = true;
		void emulator.off();
	};
	process.once("SIGINT", stop);
	process.once("SIGTERM", stop);
	const follow = async (): Promise<void> => {
		while (!over)
			progress.say(`  ${emulator.seconds} s: ${(await emulator.says(/incamera: [^\r\n]+/, 86_400)).slice(10)}`);
	};
	void follow().catch(() => {});
	await emulator.ended();
	over = true;
}

/** The first VNC display that nobody has. */
async function freeDisplay(): Promise<number> {
	for (let display = 0; ; display += 1) {
		const free = await new Promise<boolean>((resolve) => {
			const server = createServer();
			server.once("error", () => resolve(false));
			server.listen(5900 + display, "127.0.0.1", () => server.close(() => resolve(true)));
		});
		if (free) return display;
	}
}
