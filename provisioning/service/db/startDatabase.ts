import { join } from "node:path";
import type { Clock } from "../../../device/core/clock.ts";
import { Database, type DatabaseOptions } from "./Database.ts";
import { PrivatePostgres } from "./PrivatePostgres.ts";

export interface ServiceDatabaseOptions {
	/** Where a private PostgreSQL keeps its data: in the folder `database` of it. */
	stateFolder: string;
	/** Somebody's PostgreSQL instead of a private one. */
	external?: Omit<DatabaseOptions, "clock" | "migrate">;
	clock?: Clock;
}

export const databaseFolder = (stateFolder: string): string => join(stateFolder, "database");

/** The service's database, migrated: a private PostgreSQL, or somebody's. Errors: those of `PrivatePostgres.start` and `Database.open`. */
export async function startDatabase({
	stateFolder,
	external,
	clock,
}: ServiceDatabaseOptions): Promise<{ database: Database; close(): Promise<void> }> {
	const timing = clock ? { clock } : {};
	if (external) {
		const database = await Database.open({ ...external, ...timing });
		return { database, close: () => database.close() };
	}
	const postgres = await PrivatePostgres.start({ folder: databaseFolder(stateFolder), ...timing });
	try {
		const database = await Database.open({ url: postgres.url, ownerUrl: postgres.ownerUrl, ...timing });
		return {
			database,
			async close() {
				await database.close();
				await postgres.close();
			},
		};
	} catch (error) {
		await postgres.close();
		throw error;
	}
}
