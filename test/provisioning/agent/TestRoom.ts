import { systemClock } from "../../../device/core/clock.ts";
import { silentLog } from "../../../device/core/log.ts";
import { AgentLink } from "../../../device/fleet/AgentLink.ts";
import type { Claim, FromAgent, FromRoom } from "../../../provisioning/contract/local.ts";
import { calm } from "./samples.ts";

type Said<T extends FromAgent["t"]> = Extract<FromAgent, { t: T }>;
type Heard<T extends FromRoom["t"]> = Extract<FromRoom, { t: T }>;

/** A room program's end of the agent's socket: the real link, with a room behind it that does what a test says. */
export class TestRoom {
	readonly heard: FromAgent[] = [];
	/** What it answers to a twin; null: nothing. */
	onTwin: (twin: Said<"twin">) => Omit<Heard<"twin">, "t" | "rev"> | null = () => ({ applied: true, errors: [] });
	/** What it answers to a command; null: nothing. */
	onCommand: (command: Said<"command">) => Pick<Heard<"command">, "status" | "code"> | null = () => ({ status: 200 });
	/** The ring key that it signs for a connection, as far as the agent can tell; null: none. */
	ringKey: (epoch: number) => string | null = (epoch) =>
		`e30.${Buffer.from(`key of ${epoch}`).toString("base64url")}.c2ln`;
	#status: Omit<Heard<"status">, "t"> | null = { status: calm, idleSince: 0, occupied: null };
	readonly #path: string;
	#link: AgentLink;

	constructor(path: string) {
		this.#path = path;
		this.#link = this.#newLink();
	}

	/** Connects, and again for ever. */
	open(): this {
		this.#link.open();
		return this;
	}

	/** Is there again after `close`, as a program that was started anew. */
	reopen(): this {
		this.#link = this.#newLink();
		return this.open();
	}

	get connected(): boolean {
		return this.#link.connected;
	}

	get claim(): Claim | null {
		return this.last("claim")?.claim ?? null;
	}

	/** Id of the device, if it is claimed. */
	get deviceId(): string | null {
		return this.claim?.state === "claimed" ? this.claim.deviceId : null;
	}

	last<T extends FromAgent["t"]>(kind: T): Said<T> | null {
		return (this.heard.findLast(({ t }) => t === kind) as Said<T> | undefined) ?? null;
	}

	all<T extends FromAgent["t"]>(kind: T): Said<T>[] {
		return this.heard.filter(({ t }) => t === kind) as Said<T>[];
	}

	send(message: FromRoom): boolean {
		return this.#link.send(message);
	}

	/** Null: says nothing of itself. */
	status(status: Omit<Heard<"status">, "t"> | null): void {
		this.#status = status;
		if (status) this.send({ t: "status", ...status });
	}

	enrol(code: string): void {
		this.send({ t: "enrol", code });
	}

	close(): void {
		this.#link.close();
	}

	#newLink(): AgentLink {
		const options = { version: "1.0.0", clock: systemClock, log: silentLog, random: () => 0.5 };
		const link = new AgentLink({ path: this.#path, ...options });
		this.#listen(link);
		return link;
	}

	#listen({ events }: AgentLink): void {
		events.on("opened", () => {
			if (this.#status) this.send({ t: "status", ...this.#status });
		});
		events.on("line", (line) => {
			this.heard.push(line);
			const jws = line.epoch === null ? null : this.ringKey(line.epoch);
			if (line.epoch !== null && jws) this.send({ t: "ringKey", epoch: line.epoch, jws });
		});
		for (const kind of ["claim", "presence", "directory", "ring", "sent", "update", "reset", "support"] as const) {
			events.on(kind, (message) => this.heard.push(message as FromAgent));
		}
		events.on("twin", (twin) => {
			this.heard.push(twin);
			const answer = this.onTwin(twin);
			if (answer) this.send({ t: "twin", rev: twin.rev, ...answer });
		});
		events.on("command", (command) => {
			this.heard.push(command);
			const answer = this.onCommand(command);
			if (answer) this.send({ t: "command", mid: command.mid, ...answer });
		});
	}
}
