import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as later } from "node:timers/promises";
import { RoomError } from "../../device/core/RoomError.ts";
import { command } from "../core/command.ts";
import { firmwareVariables } from "./firmwareVariables.ts";
import { Qmp } from "./Qmp.ts";

export interface EmulatorOptions {
	/** The disk, which the machine writes to. */
	disk: string;
	/** A USB stick that is in it, and that it starts from first. */
	stick?: string;
	/** The firmware's key, PEM. */
	certificate: string;
	/** The machine's own: firmware memory, TPM, serial line, sockets. What is there goes on; an empty one is a new machine. */
	folder: string;
	/** MiB. */
	memory?: number;
	/** What its clock stands at when it is switched on, ISO 8601 without a zone, UTC; absent: now. */
	clock?: string;
	/** On this machine's loopback: a port here for a port there. */
	forward?: readonly { host: number; guest: number }[];
	/** A second screen can be plugged in: a VNC client at `tv.socket` that asks for a size. */
	tv?: boolean;
	/** A debugger may come to `debugger.socket` (GDB's remote protocol). */
	debugged?: boolean;
	/** A window, or VNC display on loopback; neither: nobody looks. */
	display?: { window: true } | { vnc: number };
}

const ovmf = "/usr/share/OVMF";

/**
 * A PC with Secure Boot, TPM, watchdog, touch screen and network, by QEMU without KVM: slow, and the same everywhere. Its serial line is
 * `serial.log`.
 */
export class Emulator {
	readonly qmp: Qmp;
	readonly serialLog: string;
	readonly #machine: ChildProcess;
	readonly #tpm: ChildProcess;
	readonly #startedAt = performance.now();
	#read = 0;

	/** @throws RoomError `emulator.not_started` */
	static async start(options: EmulatorOptions): Promise<Emulator> {
		const { folder } = options;
		const at = (name: string) => join(folder, name);
		await mkdir(at("tpm"), { recursive: true });
		if (!existsSync(at("variables.fd"))) {
			const der = await command("openssl", [
				"x509",
				"-in",
				options.certificate,
				"-outform",
				"DER",
				"-out",
				at("key.der"),
			]).then(() => readFile(at("key.der")));
			await writeFile(at("variables.fd"), firmwareVariables(await readFile(join(ovmf, "OVMF_VARS_4M.fd")), der));
		}
		const tpm = spawn(
			"swtpm",
			[
				"socket",
				"--tpm2",
				"--tpmstate",
				`dir=${at("tpm")}`,
				"--ctrl",
				`type=unixio,path=${at("tpm.socket")}`,
				"--terminate",
			],
			{ stdio: "ignore" },
		);
		await exists(at("tpm.socket"), tpm);
		const log = await open(at("emulator.log"), "w");
		const machine = spawn("qemu-system-x86_64", machineOf(options, at), { stdio: ["ignore", log.fd, log.fd] });
		await log.close();
		try {
			await exists(at("qmp.socket"), machine);
			return new Emulator(machine, tpm, await Qmp.open(at("qmp.socket")), at("serial.log"));
		} catch (cause) {
			machine.kill("SIGKILL");
			tpm.kill("SIGKILL");
			throw new RoomError("emulator.not_started", await readFile(at("emulator.log"), "utf8"), { cause });
		}
	}

	private constructor(machine: ChildProcess, tpm: ChildProcess, qmp: Qmp, serialLog: string) {
		this.#machine = machine;
		this.#tpm = tpm;
		this.qmp = qmp;
		this.serialLog = serialLog;
	}

	/** Seconds since its power was switched on. */
	get seconds(): number {
		return Math.round((performance.now() - this.#startedAt) / 100) / 10;
	}

	/** All that it has said on its serial line. */
	async serial(): Promise<string> {
		return existsSync(this.serialLog) ? await readFile(this.serialLog, "utf8") : "";
	}

	/**
	 * Waits for the next line that matches, from behind the one that was waited for before.
	 * @throws RoomError `emulator.said_nothing` with the last lines, `emulator.gone`
	 */
	async says(pattern: RegExp, patienceSeconds = 600): Promise<string> {
		const until = performance.now() + patienceSeconds * 1000;
		for (;;) {
			const text = (await this.serial()).slice(this.#read);
			const match = pattern.exec(text);
			if (match) {
				this.#read += match.index + match[0].length;
				return match[0];
			}
			if (this.#machine.exitCode !== null)
				throw new RoomError("emulator.gone", `the emulator ended:\n${text.slice(-2000)}`);
			if (performance.now() > until) {
				throw new RoomError("emulator.said_nothing", `not said: ${pattern.source}\n${text.slice(-3000)}`);
			}
			await later(250);
		}
	}

	/** The same for a line that may have come before others that were waited for. */
	async seen(pattern: RegExp, patienceSeconds = 600): Promise<string> {
		const read = this.#read;
		this.#read = 0;
		try {
			return await this.says(pattern, patienceSeconds);
		} finally {
			this.#read = Math.max(read, this.#read);
		}
	}

	/** Pulls the plug. */
	async off(): Promise<void> {
		const gone = this.#machine.exitCode === null ? once(this.#machine, "exit") : null;
		await this.qmp.command("quit").catch(() => this.#machine.kill("SIGKILL"));
		await gone;
		this.qmp.close();
		this.#tpm.kill();
	}

	/** Resolves when somebody ended it. */
	async ended(): Promise<void> {
		if (this.#machine.exitCode === null) await once(this.#machine, "exit");
		this.#tpm.kill();
	}
}

function machineOf(
	{ disk, stick, memory = 3072, clock = "utc", forward = [], tv = false, debugged = false, display }: EmulatorOptions,
	at: (name: string) => string,
): string[] {
	const hosts = forward.map(({ host, guest }) => `,hostfwd=tcp:127.0.0.1:${host}-:${guest}`).join("");
	return [
		...["-nodefaults", "-no-user-config", "-machine", "q35,smm=on", "-accel", "tcg,thread=multi", "-cpu", "max"],
		...["-smp", "2", "-m", String(memory), "-rtc", `base=${clock}`],
		...["-global", "driver=cfi.pflash01,property=secure,value=on", "-global", "ICH9-LPC.disable_s3=1"],
		...["-drive", `if=pflash,format=raw,unit=0,readonly=on,file=${ovmf}/OVMF_CODE_4M.secboot.fd`],
		...["-drive", `if=pflash,format=raw,unit=1,file=${at("variables.fd")}`],
		...["-drive", `if=none,id=disk,format=raw,cache=unsafe,discard=unmap,file=${disk}`],
		...["-device", "virtio-blk-pci,drive=disk,bootindex=1,serial=incamera"],
		...(stick === undefined
			? []
			: [
					...["-device", "qemu-xhci", "-drive", `if=none,id=stick,format=raw,cache=unsafe,file=${stick}`],
					...["-device", "usb-storage,drive=stick,bootindex=0"],
				]),
		...["-chardev", `socket,id=tpm,path=${at("tpm.socket")}`, "-tpmdev", "emulator,id=tpm,chardev=tpm"],
		...["-device", "tpm-crb,tpmdev=tpm"],
		...["-netdev", `user,id=net${hosts}`, "-device", "virtio-net-pci,netdev=net,romfile="],
		...["-device", "virtio-rng-pci", "-device", "i6300esb", "-action", "watchdog=reset"],
		...["-device", `virtio-vga,id=screen,xres=1280,yres=800,max_outputs=${tv ? 2 : 1}`],
		...["-device", "virtio-tablet-pci", "-device", "virtio-keyboard-pci"],
		...[
			"-serial",
			`file:${at("serial.log")}`,
			"-qmp",
			`unix:${at("qmp.socket")},server=on,wait=off`,
			"-qmp",
			`unix:${at("control.socket")},server=on,wait=off`,
			"-monitor",
			"none",
		],
		...(display === undefined
			? ["-display", "none"]
			: "window" in display
				? ["-display", "gtk"]
				: ["-vnc", `127.0.0.1:${display.vnc}`]),
		...(debugged ? ["-gdb", `unix:${at("debugger.socket")},server=on,wait=off`] : []),
		...(tv ? ["-vnc", `unix:${at("tv.socket")},display=screen,head=1`] : []),
	];
}

async function exists(file: string, child: ChildProcess): Promise<void> {
	let failed = false;
	child.once("error", () => {
		failed = true;
	});
	while (!existsSync(file)) {
		if (failed || child.exitCode !== null)
			throw new RoomError("emulator.not_started", `${child.spawnfile} did not start`);
		await later(50);
	}
}
