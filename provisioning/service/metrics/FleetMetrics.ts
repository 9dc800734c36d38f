import { sql } from "kysely";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Counters } from "../bus/Counters.ts";
import type { Db } from "../db/Database.ts";

/** What the bus did with a message: `stale` and `duplicate` are no faults, they are dropped. */
export type BusOutcome =
	| "taken"
	| "stale"
	| "duplicate"
	| "malformed"
	| "too_large"
	| "version_unknown"
	| "topic_unknown"
	| "text_refused"
	| "too_many"
	| "unknown_device"
	| "failed";

/**
 * What one worker measures, in Prometheus' text format. No device's id, no name, no address is ever a label: all labels are words of
 * closed lists.
 */
export class FleetMetrics {
	readonly #db: Db;
	readonly #registry = new Registry();
	readonly #gauges: ReturnType<typeof gaugesOf>;
	readonly #bus: Counter<"kind" | "outcome">;
	readonly #answers: Histogram<"route" | "status">;
	readonly #queries: Histogram;
	#watchers: () => number = () => 0;

	/** `counters`: the worker's own; absent: there is none. */
	constructor({ db, counters }: { db: Db; counters?: Pick<Counters, "read"> }) {
		const registers = [this.#registry];
		// Processor, memory, collector, and the event loop's delay.
		collectDefaultMetrics({ register: this.#registry, prefix: "incamera_" });
		this.#bus = new Counter({
			name: "incamera_bus_messages_total",
			help: "Messages from devices, by kind and by what was done with them",
			labelNames: ["kind", "outcome"],
			registers,
		});
		this.#answers = new Histogram({
			name: "incamera_api_answer_seconds",
			help: "Answers of the HTTP API, by route and status",
			labelNames: ["route", "status"],
			buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
			registers,
		});
		this.#queries = new Histogram({
			name: "incamera_database_seconds",
			help: "How long the database takes for the questions of a scrape",
			buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
			registers,
		});
		const self = this;
		new Gauge({
			name: "incamera_live_watchers",
			help: "Open live streams of this worker",
			registers,
			collect() {
				this.set(self.#watchers());
			},
		});
		if (counters) countersOf(counters, registers);
		this.#db = db;
		this.#gauges = gaugesOf(registers);
	}

	/** A message of this kind (a topic's, `parseTopic(…).kind`) was dealt with. */
	bus(kind: string, outcome: BusOutcome, count = 1): void {
		this.#bus.inc({ kind, outcome }, count);
	}

	answered(route: string, status: number, seconds: number): void {
		this.#answers.observe({ route, status }, seconds);
	}

	watchers(count: () => number): void {
		this.#watchers = count;
	}

	/** The page, and its content type. Without a database it has what the worker knows by itself, and `incamera_database_up 0`. */
	async page(): Promise<{ text: string; type: string }> {
		await this.#askDatabase();
		return { text: await this.#registry.metrics(), type: this.#registry.contentType };
	}

	/** Asked at each scrape, not kept up to date: another worker may have made the change. */
	async #askDatabase(): Promise<void> {
		const gauges = this.#gauges;
		const done = this.#queries.startTimer();
		try {
			const states = await this.#db
				.selectFrom("devices")
				.select(({ fn }) => ["state", "online", fn.countAll<number>().as("count")])
				.groupBy(["state", "online"])
				.execute();
			const { rows } = await sql<{ count: number; seconds: number | null }>`
				select count(*) as count, extract(epoch from now() - min(created_at))::float8 as seconds from outbound`.execute(
				this.#db,
			);
			for (const state of ["pending", "active", "retired", "revoked"]) gauges.rooms.set({ state }, 0);
			let online = 0;
			for (const row of states) {
				gauges.rooms.inc({ state: row.state }, row.count);
				if (row.state === "active" && row.online) online += row.count;
			}
			gauges.online.set(online);
			gauges.backlog.set(rows[0]?.count ?? 0);
			gauges.oldest.set(rows[0]?.seconds ?? 0);
			gauges.up.set(1);
			done();
		} catch {
			// What was true a while ago is no measurement.
			for (const gauge of [gauges.online, gauges.backlog, gauges.oldest]) gauge.remove();
			gauges.rooms.reset();
			gauges.up.set(0);
		}
	}
}

/** What a worker counts beside frames, which `bus` has with what became of each. */
const counted = {
	events_stored: { help: "Events of devices that were new", labelNames: [] },
	outbound_published: { help: "Messages to devices that the broker has", labelNames: [] },
	outbound_refused: { help: "Messages to devices that the broker refused for good", labelNames: [] },
	enrolments: { help: "Enrolments that ended, confirmed or with a refusal's code", labelNames: ["outcome"] },
	enrolment_proofs: { help: "Proofs of a code that were computed", labelNames: [] },
};

function countersOf(counters: Pick<Counters, "read">, registers: Registry[]): void {
	for (const [name, { help, labelNames }] of Object.entries(counted)) {
		new Counter({
			name: `incamera_${name}_total`,
			help,
			labelNames,
			registers,
			collect() {
				this.reset();
				for (const count of counters.read()) if (count.name === name) this.inc({ ...count.labels }, count.value);
			},
		});
	}
}

const gaugesOf = (registers: Registry[]) => ({
	rooms: new Gauge({ name: "incamera_rooms", help: "Rooms, by state", labelNames: ["state"], registers }),
	online: new Gauge({ name: "incamera_rooms_online", help: "Active rooms that are online", registers }),
	backlog: new Gauge({
		name: "incamera_outbound_backlog",
		help: "Messages that wait to be published on the bus",
		registers,
	}),
	oldest: new Gauge({
		name: "incamera_outbound_oldest_seconds",
		help: "How long the oldest of them has been waiting",
		registers,
	}),
	up: new Gauge({ name: "incamera_database_up", help: "Whether the database answers", registers }),
});
