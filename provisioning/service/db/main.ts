import { parseArgs } from "node:util";
import { RoomError } from "../../../device/core/RoomError.ts";
import { backUp, restore } from "./backup.ts";
import { type PostgresUrls, PrivatePostgres } from "./PrivatePostgres.ts";
import { databaseFolder } from "./startDatabase.ts";

const usage = `Usage: node provisioning/service/db/main.ts backup FILE [--state FOLDER]
       node provisioning/service/db/main.ts restore FILE [--state FOLDER]

Writes the fleet's database to FILE, or brings FILE into an empty database.

--state FOLDER   the service's state folder: its private PostgreSQL, whether the service runs or not (restore: it must not)
Without it, the environment says which: INCAMERA_DATABASE_URL (postgres://…, the role that owns the tables), and for restore
INCAMERA_SERVICE_URL (the service's role) where that is another.
`;

/** Runs `work` with the database of the state folder, or of the environment. */
async function withDatabase<T>(
	state: string | undefined,
	mayRun: boolean,
	work: (urls: Pick<PostgresUrls, "url" | "ownerUrl">) => Promise<T>,
): Promise<T> {
	if (state === undefined) {
		const ownerUrl = process.env["INCAMERA_DATABASE_URL"];
		if (!ownerUrl) throw new RoomError("database.not_named", "say --state or INCAMERA_DATABASE_URL");
		return work({ ownerUrl, url: process.env["INCAMERA_SERVICE_URL"] ?? ownerUrl });
	}
	const folder = databaseFolder(state);
	const running = mayRun ? await PrivatePostgres.find(folder) : null;
	if (running) return work(running);
	const postgres = await PrivatePostgres.start({ folder });
	try {
		return await work(postgres);
	} finally {
		await postgres.close();
	}
}

async function main(): Promise<string> {
	const { values, positionals } = parseArgs({
		allowPositionals: true,
		options: { state: { type: "string" }, help: { type: "boolean" } },
	});
	const [verb, file] = positionals;
	if (values.help) return usage;
	if (verb === "backup" && file) {
		await withDatabase(values.state, true, (urls) => backUp({ ...urls, file }));
		return "Backed up. Keep the authority's folder and service.key of the state folder with it, and apart from it.\n";
	}
	if (verb === "restore" && file) {
		const audit = await withDatabase(values.state, false, (urls) => restore({ ...urls, file }));
		const state = audit.whole ? "whole" : `broken at entry ${audit.brokenAt}`;
		return `Restored. Audit log: ${audit.entries} entries, ${state}, last hash ${audit.head.hash}\n`;
	}
	process.exitCode = 2;
	return usage;
}

try {
	process.stdout.write(await main());
} catch (thrown) {
	const { code, message } = RoomError.from(thrown, "error.unexpected");
	process.stderr.write(`${code}: ${message}\n`);
	process.exitCode = 1;
}
