import { Backoff } from "../../../device/core/backoff.ts";
import type { Clock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { parseTopic, type Topic } from "../../contract/topics.ts";
import type { Database } from "../db/Database.ts";
import { OUTBOUND_CHANNEL, published, type TakenMessage, take, unpublished } from "../db/Outbound.ts";
import type { Counters } from "./Counters.ts";
import type { ServiceLine } from "./ServiceLine.ts";

export interface OutboundPublisherOptions {
	database: Database;
	line: ServiceLine;
	counters: Counters;
	clock: Clock;
}

const AT_ONCE = 100;
/** Notifications wake it; this is for one that was missed, and for what another worker took and left. */
const POLL_MS = 5000;
/** What is empty may only clear a retained topic. */
const ourKinds: ReadonlySet<Topic["kind"]> = new Set([
	"twinDesired",
	"jobNext",
	"commandRequest",
	"certificateResponse",
	"enrolDown",
	"revocations",
]);
const clearedKinds: ReadonlySet<Topic["kind"]> = new Set(["presence", "twinReported"]);

/**
 * Publishes what transactions wrote into `outbound`, and deletes it when the broker has it. Several workers share the table. A retained
 * topic's newest payload is published last; messages of another topic may overtake one another only between two workers.
 *
 * A message that the broker refuses (or whose topic is none of the service's) is dropped and counted: it would be refused for ever.
 */
export class OutboundPublisher {
	readonly #options: OutboundPublisherOptions;
	readonly #backoff = new Backoff({ baseMs: 100, capMs: 5000 });
	#endings: (() => void)[] = [];
	#running: Promise<void> | null = null;
	#again = false;
	#closed = false;
	#cancelPoll: () => void = () => {};

	constructor(options: OutboundPublisherOptions) {
		this.#options = options;
	}

	start(): void {
		const { database, line } = this.#options;
		this.#endings = [database.listen(OUTBOUND_CHANNEL, () => this.wake()), line.events.on("opened", () => this.wake())];
		this.#poll();
	}

	/** Looks for messages now. */
	wake(): void {
		this.#again = true;
		if (this.#closed || this.#running || !this.#options.line.isOpen) return;
		this.#running = this.#drain().finally(() => {
			this.#running = null;
			// It may have been woken between its last look and here.
			if (this.#again) this.wake();
		});
	}

	/** Waits for what is under way. */
	async close(): Promise<void> {
		this.#closed = true;
		this.#cancelPoll();
		for (const end of this.#endings.splice(0)) end();
		await this.#running;
	}

	#poll(): void {
		this.#cancelPoll = this.#options.clock.after(POLL_MS, () => {
			this.wake();
			this.#poll();
		});
	}

	async #drain(): Promise<void> {
		const { database, line } = this.#options;
		while (this.#again && !this.#closed && line.isOpen) {
			this.#again = false;
			try {
				const messages = await take(database.db, Math.min(AT_ONCE, line.sendMaximum));
				if (messages.length === 0) continue;
				this.#again = true;
				await this.#publish(messages);
				this.#backoff.reset();
			} catch {
				// The database is away, and the messages' lease ends by itself; or the broker takes nothing now.
				this.#again = false;
				this.#options.clock.after(this.#backoff.nextMs(), () => this.wake());
			}
		}
	}

	async #publish(messages: readonly TakenMessage[]): Promise<void> {
		const { database, counters, line } = this.#options;
		const outcomes = await Promise.all(messages.map((message) => this.#send(message)));
		const of = (outcome: Outcome) => messages.filter((_, index) => outcomes[index] === outcome);
		counters.add("outbound_published", {}, of("published").length);
		counters.add("outbound_refused", {}, of("refused").length);
		await published(database.db, [...of("published"), ...of("refused")]);
		await unpublished(database.db, of("unreachable"));
		if (line.isOpen && of("unreachable").length > 0)
			throw new RoomError("bus.unreachable", "the broker takes nothing now");
	}

	async #send({ topic, payload, retain, expiresAt }: TakenMessage): Promise<Outcome> {
		const { line, clock } = this.#options;
		const kind = parseTopic(topic)?.kind;
		const mayBeSent = kind && (ourKinds.has(kind) || (clearedKinds.has(kind) && payload.length === 0));
		if (!mayBeSent) return "refused";
		const seconds = expiresAt ? Math.max(1, Math.ceil((expiresAt.getTime() - clock.now()) / 1000)) : 0;
		try {
			await line.publish(topic, payload, { retain, ...(seconds > 0 ? { expirySeconds: seconds } : {}) });
			return "published";
		} catch (error) {
			return error instanceof RoomError && error.code === "bus.refused" ? "refused" : "unreachable";
		}
	}
}

type Outcome = "published" | "refused" | "unreachable";
