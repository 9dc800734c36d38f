import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
	chmodSync,
	chownSync,
	existsSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** Read here and not by the compositor: nobody may not see into every folder that a repository lies in. */
const rules = readFileSync(join(import.meta.dirname, "../../image/root/overlay/usr/lib/incamera/kiosk.conf"), "utf8");
/** It starts as nobody only who is root: as root it refuses to run. */
const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

export type Screen = "panel" | "tv";
const outputs: Record<Screen, string> = { panel: "HEADLESS-1", tv: "HEADLESS-2" };

/** What is on a screen, as rows of red, green, blue. */
export interface Shot {
	width: number;
	height: number;
	at(x: number, y: number): [red: number, green: number, blue: number];
}

/** The device's compositor with the device's rules, on two screens that nobody sees. */
export class Compositor {
	readonly folder = mkdtempSync(join(tmpdir(), "incamera-compositor-"));
	/** Where a TV's picture is drawn: leads to the compositor while `plug` says so, as on the device. */
	readonly tv = join(this.folder, "tv");
	#sway: ChildProcess | null = null;
	#panel: ChildProcess | null = null;

	constructor() {
		if (nobody.uid) chownSync(this.folder, nobody.uid, nobody.gid);
	}

	get env(): Record<string, string> {
		return { XDG_RUNTIME_DIR: this.folder, WAYLAND_DISPLAY: "wayland-1" };
	}

	async start(): Promise<void> {
		const config = join(this.folder, "config");
		writeFileSync(config, `set $panel ${outputs.panel}\nset $tv ${outputs.tv}\n${rules}`);
		const env = {
			WLR_BACKENDS: "headless",
			WLR_HEADLESS_OUTPUTS: "2",
			WLR_LIBINPUT_NO_DEVICES: "1",
			WLR_RENDERER: "pixman",
		};
		const home = { HOME: this.folder, PATH: process.env["PATH"] ?? "", XDG_RUNTIME_DIR: this.folder };
		const sway = spawn("sway", ["--config", config], { env: { ...env, ...home }, stdio: "ignore", ...nobody });
		this.#sway = sway;
		while (!existsSync(join(this.folder, "wayland-1"))) {
			if (sway.exitCode !== null) throw new Error(`the compositor ended with ${sway.exitCode}`);
			await new Promise((resolve) => setTimeout(resolve, 20));
		}
		chmodSync(join(this.folder, "wayland-1"), 0o777);
		// their background comes a moment later
		for (const screen of ["panel", "tv"] as const)
			while (!(await this.shot(screen)).at(0.5, 0.5).every((value) => value === 0));
	}

	/** The panel's browser, as the kiosk starts it, with a page that is one colour. */
	openPanel(colour: string): void {
		const args = ["--kiosk", "--ozone-platform=wayland", "--no-sandbox", "--disable-gpu", "--no-first-run"];
		const page = `data:text/html,<body style="background:${colour}">`;
		const quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync"];
		this.#panel = spawn("chromium", [...args, ...quiet, `--user-data-dir=${join(this.folder, "browser")}`, page], {
			env: { ...this.env, HOME: this.folder, PATH: process.env["PATH"] ?? "" },
			...{ cwd: this.folder, stdio: "ignore", detached: true, ...nobody },
		});
	}

	/** What became of the panel's browser, in words. */
	get browser(): string {
		if (!this.#panel) return "was not started";
		const { exitCode, signalCode } = this.#panel;
		return exitCode === null && signalCode === null ? "runs" : `ended with ${exitCode ?? signalCode}`;
	}

	/** The TV is there, or not. */
	async plug(there: boolean): Promise<void> {
		if (!there) rmSync(this.tv, { force: true });
		await this.#say("output", outputs.tv, there ? "enable" : "disable");
		if (there) symlinkSync("wayland-1", this.tv);
	}

	/** The TV is gone, and nobody has noticed yet. */
	async pull(): Promise<void> {
		await this.#say("output", outputs.tv, "disable");
	}

	async shot(screen: Screen): Promise<Shot> {
		const { stdout } = await promisify(execFile)("grim", ["-t", "ppm", "-o", outputs[screen], "-"], {
			...{ env: { ...process.env, ...this.env }, encoding: "buffer", maxBuffer: 64 << 20 },
		});
		const [head = "", width = 0, height = 0] =
			/^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(stdout.toString("latin1", 0, 40)) ?? [];
		const [columns, rows] = [Number(width), Number(height)];
		return {
			...{ width: columns, height: rows },
			at(x, y) {
				const place = head.length + (Math.floor(y * (rows - 1)) * columns + Math.floor(x * (columns - 1))) * 3;
				return [stdout[place] ?? -1, stdout[place + 1] ?? -1, stdout[place + 2] ?? -1];
			},
		};
	}

	/** As by a crash. */
	async kill(): Promise<void> {
		const sway = this.#sway;
		this.#sway = null;
		if (!sway || sway.exitCode !== null || sway.signalCode !== null) return;
		const ended = once(sway, "exit");
		sway.kill("SIGKILL");
		await ended;
		for (const name of readdirSync(this.folder)) if (/^(wayland|sway-ipc)/.test(name)) rmSync(join(this.folder, name));
	}

	async remove(): Promise<void> {
		if (this.#panel?.pid) {
			const ended = once(this.#panel, "exit");
			// with all of its processes
			process.kill(-this.#panel.pid, "SIGKILL");
			await ended;
		}
		await this.kill();
		rmSync(this.folder, { recursive: true, force: true });
	}

	async #say(...words: string[]): Promise<void> {
		const socket = readdirSync(this.folder).find((name) => name.startsWith("sway-ipc")) ?? "";
		await promisify(execFile)("swaymsg", ["--socket", join(this.folder, socket), ...words]);
	}
}
