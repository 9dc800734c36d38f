import { execFile } from "node:child_process";
import * as z from "zod/mini";
import { RoomError } from "../../../device/core/RoomError.ts";

/** An object on the bus, and one of its interfaces. */
export interface BusObject {
	service: string;
	path: string;
	interface: string;
}

const ANSWER_MS = 30_000;
const MOST_BYTES = 256 * 1024;

/** A variant, as `busctl --json` writes it. */
export const variant = <S extends z.ZodMiniType>(data: S) => z.object({ data });
const said = z.object({ type: z.string(), data: z.unknown() });

/**
 * D-Bus by systemd's `busctl`: what comes from the bus is taken apart by the program that systemd itself is looked at with, and reaches us as JSON
 * (docs/adr/0010). One short process a question; signals can't be waited for, so whoever needs to know asks again.
 */
export class SystemBus {
	readonly #environment: Record<string, string>;

	/** `address`: of another bus than the system's, for tests. */
	constructor(options: { address?: string | undefined } = {}) {
		const address = options.address ?? process.env["DBUS_SYSTEM_BUS_ADDRESS"];
		this.#environment = { PATH: "/usr/bin:/bin", ...(address ? { DBUS_SYSTEM_BUS_ADDRESS: address } : {}) };
	}

	/**
	 * Calls a method; `words` are its arguments as busctl(1) wants them, the signature first. What it returns is checked by `form`, an array.
	 * Error: `bus.failed`; its message is the service's own, for people.
	 */
	async call<S extends z.ZodMiniType>(on: BusObject, method: string, words: string[], form: S): Promise<z.infer<S>> {
		const text = await this.#ask(["call", on.service, on.path, on.interface, method, ...words]);
		// a method that returns nothing says nothing
		return parse(form, text.trim() === "" ? [] : (jsonOf(text) as { data: unknown }).data);
	}

	/** Error: `bus.failed`. */
	async property<S extends z.ZodMiniType>(on: BusObject, name: string, form: S): Promise<z.infer<S>> {
		const text = await this.#ask(["get-property", on.service, on.path, on.interface, name]);
		return parse(form, jsonOf(text).data);
	}

	#ask(words: string[]): Promise<string> {
		const options = {
			env: this.#environment,
			timeout: ANSWER_MS,
			killSignal: "SIGKILL" as const,
			maxBuffer: MOST_BYTES,
		};
		return new Promise((resolve, reject) => {
			execFile("busctl", ["--system", "--json=short", ...words], options, (error, stdout, stderr) => {
				if (!error) resolve(stdout);
				else reject(failed(stderr.trim().slice(0, 500) || "busctl does not answer", error));
			});
		});
	}
}

function jsonOf(text: string): z.infer<typeof said> {
	try {
		return said.parse(JSON.parse(text));
	} catch (cause) {
		throw failed("busctl's answer can't be read", cause);
	}
}

function parse<S extends z.ZodMiniType>(form: S, value: unknown): z.infer<S> {
	const parsed = form.safeParse(value);
	if (!parsed.success) throw failed("the service's answer has another form", parsed.error);
	return parsed.data;
}

const failed = (message: string, cause?: unknown): RoomError => new RoomError("bus.failed", message, { cause });
