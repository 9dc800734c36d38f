import { RoomError } from "../../core/RoomError.ts";
import { notNow } from "./refusals.ts";

/** In this order they are done: what was asked together is done so that it makes sense. */
const commandKinds = ["power", "select", "volume", "mute"] as const;
export type CommandKind = (typeof commandKinds)[number];

export interface Command {
	readonly kind: CommandKind;
	readonly run: () => Promise<void>;
	/** Only for `power`: what it asks for. */
	readonly on: boolean | null;
	/** Until then it waits for a display that comes on, or for a line that comes back; by the clock that is asked. */
	readonly until: number;
	readonly resolve: () => void;
	readonly reject: (error: RoomError) => void;
}

/** What waits for a display: of each kind the newest, so that there is no queue that could be filled. */
export class CommandSlots {
	readonly #waiting = new Map<CommandKind, Command>();

	/** Settles when it was done, overtaken or refused. */
	add(command: Omit<Command, "resolve" | "reject">): Promise<void> {
		const { kind, on } = command;
		this.drop(kind, overtaken());
		// What was to be seen or heard on it is no longer wanted.
		if (on === false) this.dropAllButPower(overtaken());
		return new Promise((resolve, reject) => this.#waiting.set(kind, { ...command, resolve, reject }));
	}

	/** The first that may go. `onlyPower`: nothing else may. */
	next(onlyPower: boolean): Command | null {
		for (const kind of commandKinds) {
			const command = this.#waiting.get(kind);
			if (command && (kind === "power" || !onlyPower)) return command;
		}
		return null;
	}

	/** What the display is to be, if a command for it waits. */
	get power(): Command | null {
		return this.#waiting.get("power") ?? null;
	}

	/** Whether it still waits, and no newer one has taken its place. */
	has(command: Command): boolean {
		return this.#waiting.get(command.kind) === command;
	}

	resolve(command: Command): void {
		if (this.has(command)) this.#waiting.delete(command.kind);
		command.resolve();
	}

	reject(command: Command, error: RoomError): void {
		if (this.has(command)) this.#waiting.delete(command.kind);
		command.reject(error);
	}

	drop(kind: CommandKind, error: RoomError): void {
		const command = this.#waiting.get(kind);
		if (command) this.reject(command, error);
	}

	dropAllButPower(error: RoomError): void {
		for (const kind of commandKinds) if (kind !== "power") this.drop(kind, error);
	}

	dropExpired(now: number): void {
		for (const { kind, until } of [...this.#waiting.values()])
			if (until <= now) this.drop(kind, notNow("it took too long"));
	}

	dropAll(error: RoomError): void {
		for (const kind of commandKinds) this.drop(kind, error);
	}
}

const overtaken = (): RoomError => new RoomError("peripheral.overtaken", "a newer command took its place");
