import * as z from "zod/mini";
import type { Clock } from "../../../device/core/clock.ts";
import type { Log } from "../../../device/core/log.ts";
import {
	type Command,
	type CommandRequest,
	type CommandResponse,
	command as commandForm,
	commandRequest,
	commandResponse,
} from "../../contract/commands.ts";
import { decodePayload, encodePayload, envelope, timestamp } from "../../contract/envelope.ts";
import type { FromRoom } from "../../contract/local.ts";
import { topics } from "../../contract/topics.ts";
import { envelopeOf } from "../envelope.ts";
import type { RoomLink } from "../local/RoomLink.ts";
import type { RoomState } from "../local/RoomState.ts";
import type { Refusals } from "../Refusals.ts";
import type { AgentStore } from "../store/AgentStore.ts";
import type { Outbox } from "../store/Outbox.ts";

export interface CommandDeskOptions {
	self: string;
	link: RoomLink;
	room: RoomState;
	outbox: Outbox;
	store: AgentStore;
	clock: Clock;
	log: Log;
	refusals: Refusals;
	/** Answers, and makes this device nobody's. */
	unenrol(response: { topic: string; payload: Uint8Array }): void;
}

type Outcome = Pick<CommandResponse, "status" | "code" | "checks">;

/** The room program answers within this time, or hangs. */
const ANSWER_MS = 60_000;
/** Commands that are remembered, so that one that comes twice is not done twice. */
const MOST_REMEMBERED = 500;

/** As much of a command as an answer to one that is not understood needs. */
const anyCommand = z.object({ ...envelope, op: z.string(), exp: timestamp });
const ops: ReadonlySet<unknown> = new Set(commandForm.def.options.map((option) => option.shape.op.def.values[0]));

/**
 * What the fleet asks of this device at once. Each is answered exactly once, in time or not at all: who asked has given it up after `exp`.
 */
export class CommandDesk {
	readonly #options: CommandDeskOptions;
	/** Under way in the room program, by `mid`. */
	readonly #pending = new Map<string, { op: string; settle(outcome: Outcome): void }>();
	/** What the disk could not keep. */
	readonly #unkept = new Set<string>();
	readonly #stops: (() => void)[];

	constructor(options: CommandDeskOptions) {
		this.#options = options;
		this.#stops = [
			options.link.events.on("command", (answer) => this.#answered(answer)),
			options.link.events.on("left", () => this.#roomLeft()),
		];
	}

	/** What came on `cmd/req`. */
	received(payload: Uint8Array): void {
		const any = decodePayload(anyCommand, payload);
		if (!any.ok) {
			this.#options.refusals.note(`command.${any.reason}`);
			return;
		}
		const { mid, op, exp } = any.value;
		if (!this.#remember(mid)) return;
		const request = decodePayload(commandRequest, payload);
		if (exp <= this.#options.clock.now()) this.#respond(any.value, { status: 408, code: "command.expired" });
		else if (request.ok) this.#do(request.value);
		else if (ops.has(op)) this.#respond(any.value, { status: 400, code: "command.malformed" });
		else this.#respond(any.value, { status: 501, code: "command.unknown" });
	}

	close(): void {
		for (const stop of this.#stops.splice(0)) stop();
		for (const { settle } of [...this.#pending.values()]) settle({ status: 500, code: "agent.stopped" });
	}

	#do(request: CommandRequest): void {
		const { link, room, unenrol, clock } = this.#options;
		const { mid, op, args, exp } = request;
		if (op === "unenrol") {
			if (room.inCall) this.#respond(request, { status: 409, code: "room.in_call" });
			else unenrol(this.#response(request, { status: 200 }));
			return;
		}
		if (!link.send({ t: "command", mid, command: { op, args } as Command })) {
			this.#respond(request, { status: 500, code: "room.not_running" });
			return;
		}
		const stopClock = clock.after(Math.min(exp - clock.now(), ANSWER_MS), () =>
			this.#pending.get(mid)?.settle({ status: 500, code: "room.silent" }),
		);
		this.#pending.set(mid, {
			op,
			settle: (outcome) => {
				stopClock();
				this.#pending.delete(mid);
				this.#respond(request, outcome);
			},
		});
	}

	#answered({ mid, status, code, checks }: Extract<FromRoom, { t: "command" }>): void {
		const outcome: Outcome = { status, ...(code ? { code } : {}), ...(checks ? { checks } : {}) };
		this.#pending.get(mid)?.settle(outcome);
	}

	/** A room program that was told to start anew may go before it has answered. */
	#roomLeft(): void {
		for (const { op, settle } of [...this.#pending.values()]) {
			settle(op === "restart" ? { status: 200 } : { status: 500, code: "room.not_running" });
		}
	}

	#respond(request: { mid: string; op: string }, outcome: Outcome): void {
		const { outbox, log } = this.#options;
		const { topic, payload, mid } = this.#response(request, outcome);
		log.write("info", "command.done", { op: ops.has(request.op) ? request.op : "unknown", status: outcome.status });
		outbox.add({ mid, topic, payload });
	}

	#response({ mid: re }: { mid: string }, outcome: Outcome): { mid: string; topic: string; payload: Uint8Array } {
		const own = envelopeOf(this.#options.clock);
		const topic = topics.commandResponse(this.#options.self);
		const encode = (said: Outcome): Uint8Array => encodePayload(commandResponse, { ...own, re, ...said });
		try {
			return { mid: own.mid, topic, payload: encode(outcome) };
		} catch {
			// the room program said more than the bus takes
			return { mid: own.mid, topic, payload: encode({ status: 500, code: "room.answer_refused" }) };
		}
	}

	/** False if it was here before, in this life of the agent or an earlier one. */
	#remember(mid: string): boolean {
		const { store } = this.#options;
		if (this.#unkept.has(mid)) return false;
		try {
			return store.transaction(() => {
				const { changes } = store.prepare("INSERT OR IGNORE INTO commands (mid) VALUES (?)").run(mid);
				const oldest = "SELECT rowid FROM commands ORDER BY rowid DESC LIMIT 1 OFFSET ?";
				store.prepare(`DELETE FROM commands WHERE rowid <= (${oldest})`).run(MOST_REMEMBERED);
				return changes > 0;
			});
		} catch {
			if (this.#unkept.size >= MOST_REMEMBERED) this.#unkept.clear();
			this.#unkept.add(mid);
			return true;
		}
	}
}
