import * as z from "zod/mini";
import { RoomError } from "../../../../device/core/RoomError.ts";
import { type BusObject, type SystemBus, variant } from "../../bus/SystemBus.ts";

const installer: BusObject = { service: "de.pengutronix.rauc", path: "/", interface: "de.pengutronix.rauc.Installer" };

const text = z.string().check(z.maxLength(4096));
const slotStatus = z.array(z.tuple([text, z.record(z.string(), variant(z.unknown()))]));

/** What RAUC knows of a slot, with what is of use to us; `status` and all after it only since something was installed by RAUC. */
const slot = z.object({
	/** Of slots that can be booted. */
	bootname: z.optional(text),
	/** `rootfs.0`, of slots that go with another. */
	parent: z.optional(text),
	status: z.optional(text),
	"boot-status": z.optional(text),
	sha256: z.optional(text),
	"bundle.version": z.optional(text),
	"installed.timestamp": z.optional(text),
	"installed.count": z.optional(z.number()),
});
export interface RaucSlot extends z.infer<typeof slot> {
	/** `rootfs.0`. */
	name: string;
}

export interface BundleInfo {
	compatible: string;
	version: string;
}

/**
 * RAUC 1.8 on the bus (its reference manual, "D-Bus API"; `de.pengutronix.rauc.Installer.xml`). It does one thing at a time and refuses the
 * rest meanwhile, except for properties.
 *
 * Errors of all methods: `update.installer_failed`, with RAUC's words as message.
 */
export class Rauc {
	readonly #bus: SystemBus;

	constructor(bus: SystemBus) {
		this.#bus = bus;
	}

	/** `idle`, `installing`. */
	operation(): Promise<string> {
		return this.#property("Operation", text);
	}

	/** Of the last installation; empty: there was none. */
	lastError(): Promise<string> {
		return this.#property("LastError", text);
	}

	/** Per cent. */
	async progress(): Promise<number> {
		const [pct] = await this.#property("Progress", z.tuple([z.number(), text, z.number()]));
		return Math.min(100, Math.max(0, pct));
	}

	/** Boot name of the slot that runs. */
	bootSlot(): Promise<string> {
		return this.#property("BootSlot", text);
	}

	compatible(): Promise<string> {
		return this.#property("Compatible", text);
	}

	/** What a bundle says of itself; its signature was checked, its payload was not. */
	async info(path: string): Promise<BundleInfo> {
		const [compatible, version] = await this.#call("Info", ["s", path], z.tuple([text, text]));
		return { compatible, version };
	}

	/** Begins to install; it is over when `operation` is `idle` again. */
	async install(path: string): Promise<void> {
		await this.#call("InstallBundle", ["sa{sv}", path, "0"], z.array(z.unknown()));
	}

	async mark(state: "good" | "bad" | "active", slot: "booted" | "other"): Promise<void> {
		await this.#call("Mark", ["ss", state, slot], z.array(z.unknown()));
	}

	/** Name of the slot that the next start is from; null: of none, as RAUC counts (with GRUB it takes a slot that was started and not marked for none). */
	async primary(): Promise<string | null> {
		const [name] = await this.#call("GetPrimary", [], z.tuple([text])).catch(() => [null]);
		return name;
	}

	async slots(): Promise<RaucSlot[]> {
		const [all] = await this.#call("GetSlotStatus", [], z.tuple([slotStatus]));
		return all.map(([name, properties]) => {
			const plain = Object.fromEntries(Object.entries(properties).map(([key, { data }]) => [key, data]));
			const parsed = slot.safeParse(plain);
			if (!parsed.success) throw new RoomError("update.installer_failed", `slot ${name} has another form`);
			return { ...parsed.data, name };
		});
	}

	async #call<S extends z.ZodMiniType>(method: string, words: string[], form: S): Promise<z.infer<S>> {
		return this.#bus.call(installer, method, words, form).catch(failed);
	}

	async #property<S extends z.ZodMiniType>(name: string, form: S): Promise<z.infer<S>> {
		return this.#bus.property(installer, name, form).catch(failed);
	}
}

function failed(thrown: unknown): never {
	const { message } = RoomError.from(thrown, "bus.failed");
	throw new RoomError("update.installer_failed", message, { cause: thrown });
}
