import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type Answer, BusService, type Called } from "../dbus/BusService.ts";
import type { PrivateBus } from "../dbus/PrivateBus.ts";
import { type Variant, variant } from "../dbus/values.ts";

const INSTALLER = "de.pengutronix.rauc.Installer";
const PROPERTIES = "org.freedesktop.DBus.Properties";

/** What stands on the disk of a machine with RAUC and GRUB: outlives both. */
export interface RaucMachine {
	booted: "A" | "B";
	/** grubenv: the order in which GRUB tries, and what it knows of each. */
	order: ("A" | "B")[];
	slots: Record<"A" | "B", { ok: boolean; tries: number; version: string | null; sha256: string; installed: number }>;
}

export const factory = (): RaucMachine => ({
	booted: "A",
	order: ["A", "B"],
	slots: {
		A: { ok: true, tries: 1, version: null, sha256: "", installed: 0 },
		B: { ok: true, tries: 0, version: null, sha256: "", installed: 0 },
	},
});

/** The bundle of a test: what RAUC would find in its manifest, signed or not. */
export const bundleOf = (said: { compatible?: string; version: string; signer?: string }): Buffer =>
	Buffer.from(`${JSON.stringify({ compatible: "incamera-room-x86_64", signer: "ours", ...said })}\n`);

export interface RaucFaults {
	/** Words with which an installation ends. */
	install?: string;
	/** The service dies in the middle of it, and is started anew. */
	dies?: boolean;
	/** It activates what it has installed, as RAUC does when it isn't told otherwise. */
	activates?: boolean;
	/** Goes on until it is let go. */
	hangs?: Promise<void>;
	mark?: string;
}

/**
 * RAUC 1.8 on a bus, as its `service.c` and `mark.c` behave: one thing at a time, properties always, an installation that goes on by itself and ends by
 * `Operation` and `Completed`. Slots `rootfs.N` with `boot.N` as child, in files of nobody.
 */
export class SimulatedRauc {
	readonly machine: RaucMachine;
	readonly faults: RaucFaults = {};
	/** Calls that changed something, in order. */
	readonly marks: string[] = [];
	installs = 0;
	#service: BusService | null = null;
	#operation = "idle";
	#lastError = "";
	#progress: [number, string, number] = [0, "", 0];

	private constructor(machine: RaucMachine) {
		this.machine = machine;
	}

	static async start(bus: PrivateBus, machine: RaucMachine): Promise<SimulatedRauc> {
		const rauc = new SimulatedRauc(machine);
		rauc.#service = await BusService.own(bus.socket, "de.pengutronix.rauc", (called) => rauc.#answer(called));
		return rauc;
	}

	async stop(): Promise<void> {
		await this.#service?.close();
	}

	get operation(): string {
		return this.#operation;
	}

	/** What GRUB does at the next start: the first in order that may still be tried. */
	restart(starts: (slot: "A" | "B") => boolean = () => true): void {
		const { order, slots } = this.machine;
		for (;;) {
			const slot = order.find((name) => slots[name].ok && slots[name].tries < 3) ?? "A";
			slots[slot].tries += 1;
			if (!starts(slot)) continue;
			this.machine.booted = slot;
			return;
		}
	}

	async #answer({ path, interface: of, member, body }: Called): Promise<Answer> {
		if (path !== "/") throw new Error("No such object");
		if (of === PROPERTIES && member === "Get") {
			const property = this.#properties()[body[1] as string];
			if (body[0] !== INSTALLER || !property) throw new Error(`No such property “${body[1]}”`);
			return { signature: "v", body: [property] };
		}
		if (of !== INSTALLER) throw new Error(`No such interface “${of}”`);
		if (this.#operation !== "idle") {
			const words =
				member === "InstallBundle" ? "Already processing a different method" : "already processing a different method";
			throw new Error(member === "Info" ? "rauc info error" : words);
		}
		switch (member) {
			case "Info": {
				const { compatible, version } = await readBundle(body[0] as string).catch(() => {
					throw new Error("rauc info error");
				});
				return { signature: "ss", body: [compatible, version] };
			}
			case "InstallBundle": {
				this.#operation = "installing";
				this.#lastError = "";
				void this.#install(body[0] as string);
				return { signature: "", body: [] };
			}
			case "Mark":
				return { signature: "ss", body: this.#mark(body[0] as string, body[1] as string) };
			case "GetPrimary": {
				const { order, slots } = this.machine;
				const primary = order.find((name) => slots[name].ok && slots[name].tries === 0);
				if (!primary)
					throw new Error(
						`Failed getting primary slot: grub backend: No bootable slot found in ORDER '${order.join(" ")}'`,
					);
				return { signature: "s", body: [nameOf(primary)] };
			}
			case "GetSlotStatus":
				return { signature: "a(sa{sv})", body: [this.#slots()] };
			default:
				throw new Error(`No such method “${member}”`);
		}
	}

	#properties(): Record<string, Variant> {
		return {
			Operation: variant("s", this.#operation),
			LastError: variant("s", this.#lastError),
			Progress: variant("(isi)", this.#progress),
			Compatible: variant("s", "incamera-room-x86_64"),
			Variant: variant("s", ""),
			BootSlot: variant("s", this.machine.booted),
		};
	}

	async #install(path: string): Promise<void> {
		const { slots, booted } = this.machine;
		const target = slots[booted === "A" ? "B" : "A"];
		this.installs += 1;
		try {
			this.#progress = [20, "Checking bundle", 1];
			const { version, compatible } = await readBundle(path);
			if (compatible !== "incamera-room-x86_64")
				throw new Error(`Compatible mismatch: Expected 'incamera-room-x86_64' but bundle manifest has '${compatible}'`);
			target.ok = false;
			target.sha256 = "";
			this.#progress = [60, "Copying image to rootfs.1", 3];
			await this.faults.hangs;
			if (this.faults.dies) {
				this.#progress = [0, "", 0];
				this.#operation = "idle";
				return;
			}
			if (this.faults.install) throw new Error(this.faults.install);
			target.version = version;
			target.sha256 = createHash("sha256").update(version).digest("hex");
			target.installed += 1;
			if (this.faults.activates) this.#activate(booted === "A" ? "B" : "A");
			this.#progress = [100, "Installing done.", 1];
		} catch (error) {
			this.#lastError = (error as Error).message;
		}
		this.#service?.signal("/", INSTALLER, "Completed", { signature: "i", body: [this.#lastError === "" ? 0 : 1] });
		this.#operation = "idle";
	}

	#mark(state: string, identifier: string): [string, string] {
		if (this.faults.mark) throw new Error(this.faults.mark);
		const { booted, slots } = this.machine;
		const slot = identifier === "booted" ? booted : booted === "A" ? "B" : "A";
		this.marks.push(`${state} ${slot}`);
		if (state === "active") this.#activate(slot);
		else Object.assign(slots[slot], { ok: state === "good", tries: 0 });
		return [nameOf(slot), `marked slot ${nameOf(slot)} as ${state}`];
	}

	#activate(slot: "A" | "B"): void {
		this.machine.order = slot === "A" ? ["A", "B"] : ["B", "A"];
		Object.assign(this.machine.slots[slot], { ok: true, tries: 0 });
	}

	#slots(): [string, Record<string, Variant>][] {
		return (["A", "B"] as const).flatMap((name, at) => {
			const { ok, version, sha256, installed } = this.machine.slots[name];
			const written: Record<string, Variant> = version
				? {
						"bundle.version": variant("s", version),
						status: variant("s", sha256 ? "ok" : "update"),
						sha256: variant("s", sha256),
						size: variant("t", 1000),
						"installed.timestamp": variant("s", `2026-01-0${installed}T00:00:00Z`),
						"installed.count": variant("u", installed),
					}
				: {};
			const running = variant("s", name === this.machine.booted ? "booted" : "inactive");
			const common = { type: variant("s", "raw"), state: running, ...written };
			const rootfs = {
				class: variant("s", "rootfs"),
				bootname: variant("s", name),
				"boot-status": variant("s", ok ? "good" : "bad"),
			};
			const boot = { class: variant("s", "boot"), parent: variant("s", `rootfs.${at}`) };
			return [
				[`rootfs.${at}`, { ...common, ...rootfs }],
				[`boot.${at}`, { ...common, ...boot }],
			] as [string, Record<string, Variant>][];
		});
	}
}

const nameOf = (slot: "A" | "B"): string => (slot === "A" ? "rootfs.0" : "rootfs.1");

async function readBundle(path: string): Promise<{ compatible: string; version: string }> {
	const { compatible, version, signer } = JSON.parse(await readFile(path, "utf8"));
	if (signer !== "ours")
		throw new Error("signature verification failed: Verify error: unable to get local issuer certificate");
	return { compatible, version };
}
