import pg from "pg";
import { onTestFinished } from "vitest";
import { Database } from "../../../../provisioning/service/db/Database.ts";
import { migrate } from "../../../../provisioning/service/db/migrate.ts";
import { PrivatePostgres, SERVICE_ROLE } from "../../../../provisioning/service/db/PrivatePostgres.ts";

/**
 * A real PostgreSQL for one test file, and a fresh migrated database for each test of it:
 *
 *     let databases: TestDatabases;
 *     beforeAll(async () => { databases = await TestDatabases.start(); });
 *     afterAll(() => databases?.close());
 *     test("…", async () => {
 *         const { db } = await databases.fresh();
 *
 * `fresh()` copies a template that was migrated once. What a test opened is closed when it is over, the rest by `close()`.
 */
export class TestDatabases {
	readonly postgres: PrivatePostgres;
	readonly #open = new Set<Database>();
	#count = 0;

	private constructor(postgres: PrivatePostgres) {
		this.postgres = postgres;
	}

	static async start(): Promise<TestDatabases> {
		const postgres = await PrivatePostgres.start();
		try {
			await migrate({ url: postgres.ownerUrl, serviceRole: SERVICE_ROLE });
		} catch (error) {
			await postgres.close();
			throw error;
		}
		return new TestDatabases(postgres);
	}

	/** A migrated, empty database; by the role that the service has. */
	async fresh(options: { poolSize?: number } = {}): Promise<Database & FreshDatabase> {
		const name = await this.create("incamera");
		return this.open(name, options);
	}

	/** A further connection (another worker) to a database that `fresh` made. */
	async open(name: string, options: { poolSize?: number } = {}): Promise<Database & FreshDatabase> {
		const urls = this.urls(name);
		const database = await Database.open({ url: urls.url, migrate: false, poolSize: options.poolSize ?? 5 });
		this.#open.add(database);
		closeAfterTest(() => {
			this.#open.delete(database);
			return database.close();
		});
		return Object.assign(database, { name, ...urls });
	}

	/** A new database, a copy of `template`; `template0` is an empty one. Returns its name. */
	async create(template: "incamera" | "template0"): Promise<string> {
		const name = `test_${++this.#count}`;
		// Cheaper than the default where nothing is synchronised to the disk.
		await this.admin(`create database ${name} template ${template} owner incamera_owner strategy file_copy`);
		return name;
	}

	urls(name: string): { url: string; ownerUrl: string } {
		const named = (url: string) => url.replace(/\/[^/]*$/, `/${name}`);
		return { url: named(this.postgres.url), ownerUrl: named(this.postgres.ownerUrl) };
	}

	/** Runs one statement as superuser. */
	async admin(statement: string): Promise<pg.QueryResult> {
		const client = new pg.Client({ connectionString: this.postgres.adminUrl });
		await client.connect();
		try {
			return await client.query(statement);
		} finally {
			await client.end();
		}
	}

	async close(): Promise<void> {
		await Promise.all([...this.#open].map((database) => database.close()));
		await this.postgres.close();
	}
}

export interface FreshDatabase {
	/** Of the database within its PostgreSQL. */
	name: string;
	url: string;
	ownerUrl: string;
}

function closeAfterTest(close: () => Promise<void>): void {
	try {
		onTestFinished(close);
	} catch {
		// Not within a test: for all of the file.
	}
}
