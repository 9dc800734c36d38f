import pg from "pg";

/** Reads CSV as somebody else does: PostgreSQL, with `copy … (format csv)`, which takes RFC 4180 and refuses what is not. */
export class CsvReader {
	readonly #client: pg.Client;

	private constructor(client: pg.Client) {
		this.#client = client;
	}

	/** `url`: of a role that may make temporary tables. */
	static async connect(url: string): Promise<CsvReader> {
		const client = new pg.Client({ connectionString: url });
		await client.connect();
		return new CsvReader(client);
	}

	/** All lines, the titles too, each with so many cells. Rejects with the database's own error. */
	async read(text: string, cells: number): Promise<string[][]> {
		const names = Array.from({ length: cells }, (_, index) => `cell_${index}`);
		await this.#client.query("drop table if exists lines");
		await this.#client.query(
			`create temp table lines (n int generated always as identity, ${names.map((name) => `${name} text`).join(", ")})`,
		);
		await this.#copy(`copy lines (${names.join(", ")}) from stdin (format csv, encoding 'UTF8')`, text);
		const { rows } = await this.#client.query<Record<string, string>>("select * from lines order by n");
		return rows.map((row) => names.map((name) => row[name] as string));
	}

	close(): Promise<void> {
		return this.#client.end();
	}

	/** pg hands the protocol's messages to whatever is given as a query (PostgreSQL documentation, 55.2.6: COPY operations). */
	#copy(statement: string, text: string): Promise<void> {
		return new Promise((resolve, reject) => {
			this.#client.query({
				submit: (connection: pg.Connection) => connection.query(statement),
				handleCopyInResponse: (connection: CopyConnection) => {
					connection.sendCopyFromChunk(Buffer.from(text));
					connection.endCopyFrom();
				},
				handleError: reject,
				handleCommandComplete: () => {},
				handleReadyForQuery: resolve,
			} as pg.Submittable);
		});
	}
}

/** What pg's types leave out. */
interface CopyConnection extends pg.Connection {
	sendCopyFromChunk(chunk: Buffer): void;
	endCopyFrom(): void;
}
