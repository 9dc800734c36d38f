import type { Clock } from "../../core/clock.ts";
import { RoomError } from "../../core/RoomError.ts";
import type { FrameLink, LinkCounters } from "../link/FrameLink.ts";
import type { Request, Verdict } from "../link/Request.ts";
import { RequestQueue } from "../link/RequestQueue.ts";
import type { ViscaRefusal, ViscaReply } from "./ViscaReply.ts";
import type { ViscaAnswer, ViscaEnvelope, ViscaKind, ViscaTransport } from "./ViscaTransport.ts";
import { viscaCommand } from "./viscaCommand.ts";
import { type ViscaInquiry, viscaInquiry } from "./viscaInquiry.ts";

/** From one end of a slow camera to the other, or to warm up. */
const COMPLETION_MS = 30_000;
/** A camera works on two commands at a time; a third is asked again. */
const BUSY_RETRIES_MS = [50, 100, 200, 400, 800];
/** So often a question whose answer got lost is asked anew. */
const MOST_AGAIN = 3;

export interface ViscaLineOptions {
	link: FrameLink;
	transport: ViscaTransport;
	clock: Clock;
	/** What the camera says unasked, or too late; null: what it said is no VISCA. */
	onUnasked: (reply: ViscaReply | null) => void;
}

/** A conversation in VISCA: messages out, their answers in, refusals as errors with codes. */
export class ViscaLine {
	readonly #options: ViscaLineOptions;
	readonly #queue: RequestQueue;
	/** Whether the camera has answered the question that brings both back in step. */
	#knowsVersion = false;
	/** By socket, whose command the camera works on there; a socket that is given again frees who lost its end. */
	readonly #holders = new Map<number, object>();

	constructor(options: ViscaLineOptions) {
		const { link, transport, clock, onUnasked } = options;
		this.#options = options;
		this.#queue = new RequestQueue(link, {
			clock,
			onUnclaimed: (frame) => onUnasked(transport.unasked(frame)),
			...(transport.named
				? { quietMs: 0 }
				: { resync: () => (this.#knowsVersion ? this.#question(viscaInquiry.version) : null) }),
		});
	}

	get counters(): Readonly<LinkCounters> {
		return this.#queue.counters;
	}

	/** Begins from the start. What a camera leaves unanswered here it may not know. @throws RoomError `link.lost`. */
	async greet(): Promise<void> {
		this.#knowsVersion = false;
		const { transport } = this.#options;
		const { answerMs: timeoutMs, resends } = transport;
		for (const greeting of transport.greeting()) {
			const request = { ...greeting, urgent: true, timeoutMs, resends };
			await this.#queue.ask<void>(request).catch((error: RoomError) => {
				if (error.code === "link.lost") throw error;
			});
		}
	}

	/**
	 * Says what `body` gives when its turn has come, and resolves when the camera has acknowledged it.
	 * @throws RoomError `peripheral.not_supported`, `peripheral.not_now`, `peripheral.busy`, `peripheral.timeout`, `peripheral.overtaken` and
	 * what else a `RequestQueue` throws.
	 */
	tell(body: () => Uint8Array, options: { key: string; urgent: boolean; signal: AbortSignal }): Promise<void> {
		const done: Verdict<void> = { is: "done", value: undefined };
		return this.#ask(() => ({
			...this.#message("command", body, (answer): Verdict<void> => {
				if (answer.is === "ack" || this.#isDone(answer)) return done;
				// It did, says its number; a motion or a stop does no harm twice, and then it says so itself.
				if (answer.is === "ran") return { is: "failed", error: answerLost() };
				return isRefusal(answer) ? { is: "failed", error: refusalError(answer.why) } : { is: "other" };
			}),
			...options,
		}));
	}

	/** Resolves when the camera says that it has done it. @param options.onSent is told when it goes out; the signal takes it back before. */
	async command(body: Uint8Array, options: { onSent?: () => void; signal?: AbortSignal } = {}): Promise<void> {
		const { onSent = () => {}, ...more } = options;
		for (const pause of [...BUSY_RETRIES_MS, null]) {
			try {
				return await this.#ask(() => ({ ...this.#command(body, onSent), ...more }));
			} catch (error) {
				if (pause === null || !(error instanceof RoomError) || error.code !== "peripheral.busy") throw error;
				await new Promise<void>((resolve) => void this.#options.clock.after(pause, resolve));
			}
		}
	}

	async inquire<T>(inquiry: ViscaInquiry<T>, urgent = false): Promise<T> {
		const answer = await this.#ask(() => ({ ...this.#question(inquiry), urgent }));
		if ((inquiry as unknown) === viscaInquiry.version) this.#knowsVersion = true;
		return answer;
	}

	/**
	 * Puts a message on the wire past everything that waits, and hears no answer. Only where answers don't name their question: elsewhere it is
	 * sent again by itself.
	 */
	shout(body: Uint8Array): void {
		if (!this.#options.transport.named) this.#sendUnheard(body);
	}

	/** Ends whatever the camera works on, so that it has room for a stop. */
	cancelAll(): void {
		for (const socket of [1, 2] as const) this.#sendUnheard(viscaCommand.cancel(socket));
	}

	close(): void {
		this.#queue.close();
	}

	#sendUnheard(body: Uint8Array): void {
		const { transport, link } = this.#options;
		link.send(transport.envelope("command", body).frame()).catch(() => {});
	}

	/** Over IP both may lose count of where they are, such as when the camera was switched off, and answers get lost: then it is asked anew. */
	async #ask<T>(request: () => Request<T>): Promise<T> {
		for (let again = 0; ; again++) {
			try {
				return await this.#queue.ask(request());
			} catch (error) {
				const { code, context } = RoomError.from(error, "peripheral.fault");
				const outOfStep = code === "peripheral.out_of_step";
				if (again === MOST_AGAIN || (!outOfStep && context["answer"] !== "lost")) throw error;
				if (outOfStep) await this.greet();
			}
		}
	}

	#question<T>(inquiry: ViscaInquiry<T>): Request<T> {
		return this.#message(
			"inquiry",
			() => inquiry.body,
			(answer): Verdict<T> => {
				if (isRefusal(answer)) return { is: "failed", error: refusalError(answer.why) };
				if (answer.is === "ran") return { is: "failed", error: answerLost() };
				const value = answer.is === "completion" && answer.data.length > 0 ? inquiry.parse(answer.data) : null;
				return value === null ? { is: "other" } : { is: "done", value };
			},
		);
	}

	#command(body: Uint8Array, onSent: () => void): Request<void> {
		const done: Verdict<void> = { is: "done", value: undefined };
		const me = {};
		let accepted = false;
		/** Null: the acknowledgement got lost, and was not needed: the answers name their question. */
		let socket: number | null = null;
		const said = () => {
			onSent();
			return body;
		};
		const mine = (answer: ViscaAnswer): boolean => {
			if (this.#options.transport.named) return true;
			return "socket" in answer && answer.socket === socket && this.#holders.get(answer.socket) === me;
		};
		const accept = (answer: ViscaAnswer): Verdict<void> => {
			if (this.#isDone(answer)) return done;
			if (isRefusal(answer)) return { is: "failed", error: refusalError(answer.why) };
			if (answer.is !== "ack" && answer.is !== "ran") return { is: "other" };
			accepted = true;
			if (answer.is === "ack") {
				socket = answer.socket;
				this.#holders.set(socket, me);
			}
			return { is: "accepted" };
		};
		const request = this.#message("command", said, (answer): Verdict<void> => {
			if (!accepted) return accept(answer);
			if (!mine(answer)) return { is: "other" };
			if (answer.is === "refusal") return { is: "failed", error: refusalError(answer.why) };
			return answer.is === "completion" && answer.data.length === 0 ? done : { is: "other" };
		});
		return { ...request, completionMs: COMPLETION_MS };
	}

	/** Done without an acknowledgement: some cameras leave it out, and it may get lost. A socket's end could be another command's. */
	#isDone(answer: ViscaAnswer): boolean {
		if (answer.is !== "completion" || answer.data.length > 0) return false;
		return answer.socket === 0 || this.#options.transport.named;
	}

	#message<T>(kind: ViscaKind, body: () => Uint8Array, judge: (answer: ViscaAnswer) => Verdict<T>): Request<T> {
		const { transport } = this.#options;
		let envelope: ViscaEnvelope | null = null;
		return {
			frame: () => {
				envelope ??= transport.envelope(kind, body());
				return envelope.frame();
			},
			judge: (frame) => {
				const answer = envelope?.open(frame);
				if (!answer) return { is: "other" };
				if (answer.is === "out_of_step") return { is: "failed", error: outOfStep() };
				return judge(answer);
			},
			timeoutMs: transport.answerMs,
			resends: transport.resends,
		};
	}
}

/** Of what was just said. A cancellation is about what was said before. */
function isRefusal(answer: ViscaAnswer): answer is ViscaReply & { is: "refusal" } {
	return answer.is === "refusal" && answer.why !== "cancelled" && answer.why !== "no_socket";
}

const answerLost = (): RoomError =>
	new RoomError("peripheral.timeout", "the camera answered, and nobody heard it", { context: { answer: "lost" } });

const outOfStep = (): RoomError => new RoomError("peripheral.out_of_step", "camera and controller count differently");

function refusalError(why: ViscaRefusal): RoomError {
	const context = { why };
	switch (why) {
		case "length":
		case "syntax":
			return new RoomError("peripheral.not_supported", "the camera does not know this", { context });
		case "buffer_full":
			return new RoomError("peripheral.busy", "the camera has its hands full", { context });
		case "cancelled":
			return new RoomError("peripheral.cancelled", "the camera was told something else meanwhile", { context });
		case "not_executable":
			return new RoomError("peripheral.not_now", "the camera can't do this as it is now", { context });
		case "no_socket":
		case "unknown":
			return new RoomError("peripheral.refused", "the camera refused", { context });
	}
}
