import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { ManualClock } from "../../../../device/core/clock.ts";
import { type Log, silentLog } from "../../../../device/core/log.ts";
import type { Role, Scope } from "../../../../provisioning/contract/http/route.ts";
import { FleetApi, type FleetApiOptions } from "../../../../provisioning/service/api/FleetApi.ts";
import { ApiTokens } from "../../../../provisioning/service/api/signIn/ApiTokens.ts";
import { createApp } from "../../../../provisioning/service/app.ts";
import type { Database, Db } from "../../../../provisioning/service/db/Database.ts";
import { FleetMetrics } from "../../../../provisioning/service/metrics/FleetMetrics.ts";
import { signedIn } from "../../../sim/passkey/signedIn.ts";
import { busless } from "./busless.ts";

export const ORIGIN = "http://localhost:8080";

export interface TestAnswer {
	status: number;
	/** Parsed; undefined: none. */
	body: never;
	headers: Record<string, string | string[] | undefined>;
}

/** The API on a fresh database, with a clock that stands still; called in the process, or listening. */
export class TestApi {
	readonly clock = new ManualClock(Date.now());
	readonly app: FastifyInstance;
	readonly fleet: FleetApi;
	readonly db: Db;
	readonly metrics: FleetMetrics;
	readonly #folder: string;

	private constructor(parts: Pick<TestApi, "clock" | "app" | "fleet" | "db" | "metrics">, folder: string) {
		this.clock = parts.clock;
		this.app = parts.app;
		this.fleet = parts.fleet;
		this.db = parts.db;
		this.metrics = parts.metrics;
		this.#folder = folder;
	}

	static async start(database: Database, options: Partial<FleetApiOptions> & { log?: Log } = {}): Promise<TestApi> {
		const clock = new ManualClock(Date.now());
		const { db } = database;
		const metrics = new FleetMetrics({ db });
		const folder = await mkdtemp(join(tmpdir(), "incamera-api-test-"));
		const duties = await busless(db, clock);
		let fleet: FleetApi | null = null;
		try {
			const app = await createApp({
				guestFolder: folder,
				routes: async (server) => {
					fleet = await FleetApi.register(server, {
						database,
						duties,
						clock,
						log: silentLog,
						origin: ORIGIN,
						name: "Test",
						metrics,
						// Tests ask more than people do.
						limits: { address: 1_000_000, signIn: 1_000_000, caller: 1_000_000 },
						...options,
					});
				},
			});
			await app.ready();
			return new TestApi({ clock, app, fleet: fleet as unknown as FleetApi, db, metrics }, folder);
		} catch (error) {
			await rm(folder, { recursive: true, force: true });
			throw error;
		}
	}

	async close(): Promise<void> {
		await this.app.close();
		await rm(this.#folder, { recursive: true, force: true });
	}

	/** A person of this role, signed in: their cookie, as a browser on our own page sends it. */
	async person(role: Role): Promise<{ id: string; headers: Record<string, string> }> {
		const { id, token } = await signedIn(this.db, { name: `A ${role}`, role, clock: this.clock });
		return { id, headers: { cookie: `incamera=${token}`, origin: ORIGIN, "sec-fetch-site": "same-origin" } };
	}

	/** A token with these scopes. */
	async token(scopes: readonly Scope[], by = "service"): Promise<{ id: string; headers: Record<string, string> }> {
		const tokens = new ApiTokens({ db: this.db, clock: this.clock });
		const { token, about } = await tokens.create(this.db, { name: "test", scopes, days: 30, by });
		return { id: about.id, headers: { authorization: `Bearer ${token}` } };
	}

	/** `path` under `/api/1`. A body that is a text goes as it is. */
	async call(
		method: string,
		path: string,
		options: { headers?: Record<string, string>; body?: unknown } = {},
	): Promise<TestAnswer> {
		const { headers = {}, body } = options;
		const response = await this.app.inject({
			method: method as "GET",
			url: `/api/1${path}`,
			headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
			...(body === undefined ? {} : { payload: typeof body === "string" ? body : JSON.stringify(body) }),
		});
		return {
			status: response.statusCode,
			body: (response.body ? JSON.parse(response.body) : undefined) as never,
			headers: response.headers as TestAnswer["headers"],
		};
	}
}
