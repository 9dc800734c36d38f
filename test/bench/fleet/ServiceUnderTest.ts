import { type ChildProcess, spawn } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../../../device/core/clock.ts";
import { FleetClient } from "../../../provisioning/contract/http/FleetClient.ts";
import { scopes } from "../../../provisioning/contract/http/route.ts";
import { ApiTokens } from "../../../provisioning/service/api/signIn/ApiTokens.ts";
import { freePort } from "../../../provisioning/service/child/freePort.ts";
import { Database } from "../../../provisioning/service/db/Database.ts";
import { PrivatePostgres } from "../../../provisioning/service/db/PrivatePostgres.ts";
import { databaseFolder } from "../../../provisioning/service/db/startDatabase.ts";
import { signedIn } from "../../sim/passkey/signedIn.ts";
import { treeOf } from "../processes.ts";
import { waitFor } from "../waitFor.ts";
import { asInUnit } from "./asInUnit.ts";

const root = join(import.meta.dirname, "..", "..", "..");
/** Of 5 000 rooms: the broker is told all twins before the census is through. */
const START_MS = 120_000;
/** The census waits two seconds for a sign that the broker has lost nothing. */
const QUIET_MS = 4000;

export interface ServiceOptions {
	/** What devices reach this machine's loopback by; absent: it is their own. */
	reachedAs?: string;
	/** An image repository (`incamera image repo`), which it serves. */
	firmware?: string;
	/** Where meetings are held, if devices reach that by another way: an origin. */
	rendezvous?: string;
}

/** The fleet service as IT runs it: the program with a configuration file, its own PostgreSQL and mosquittos, the console; all in processes of their own. */
export class ServiceUnderTest {
	readonly stateFolder: string;
	readonly origin: string;
	/** For devices, and for those that are nobody's yet. */
	readonly broker: string;
	readonly bootstrap: string;
	readonly #ports: { http: number; devices: number; bootstrap: number };
	readonly #options: ServiceOptions;
	#child: ChildProcess | null = null;
	#database: Database | null = null;
	#client: FleetClient | null = null;

	private constructor(
		folder: string,
		ports: { http: number; devices: number; bootstrap: number },
		options: ServiceOptions,
	) {
		const { reachedAs = "127.0.0.1" } = options;
		this.stateFolder = join(folder, "state");
		this.#ports = ports;
		this.#options = options;
		// passkeys, and so the console, belong to a name
		this.origin = `http://localhost:${ports.http}`;
		this.broker = `mqtts://${reachedAs}:${ports.devices}`;
		this.bootstrap = `mqtts://${reachedAs}:${ports.bootstrap}`;
	}

	/** Chooses folder and ports; `start` starts it. */
	static async prepare(folder: string, options: ServiceOptions = {}): Promise<ServiceUnderTest> {
		const port = () => freePort("127.0.0.1");
		const ports = { http: await port(), devices: await port(), bootstrap: await port() };
		const service = new ServiceUnderTest(folder, ports, options);
		await mkdir(service.stateFolder, { mode: 0o711 });
		return service;
	}

	get database(): Database {
		if (!this.#database) throw new Error("the service does not run");
		return this.#database;
	}

	/** The API, as an admin's program. */
	get client(): FleetClient {
		if (!this.#client) throw new Error("the service does not run");
		return this.#client;
	}

	/** Starts it with so many workers; resolves when it has its broker and all that devices are to be told is published. */
	async start({ workers }: { workers: number }): Promise<void> {
		const { stateFolder, origin } = this;
		const config = join(stateFolder, "service.json");
		await writeFile(config, JSON.stringify(this.#config(workers)));
		const { flags, variables } = asInUnit("provisioning/service/systemd/incamera-fleet.service");
		const program = join(root, "provisioning/service/main.ts");
		const child = spawn(process.execPath, [...flags, program, "--config", config], {
			stdio: ["ignore", "ignore", "inherit"],
			env: { ...process.env, ...variables, NODE_COMPILE_CACHE: join(root, "build/node-cache") },
		});
		this.#child = child;
		const healthy = async () => {
			if (child.exitCode !== null) throw new Error("the service did not start");
			return (await fetch(`${origin}/healthz/fleet`).catch(() => null))?.ok;
		};
		await waitFor(healthy, "a healthy service", START_MS);
		const urls = await PrivatePostgres.find(databaseFolder(stateFolder));
		if (!urls) throw new Error("the service has no database");
		this.#database = await Database.open({ url: urls.url, migrate: false });
		const { db } = this.#database;
		const tokens = new ApiTokens({ db, clock: systemClock });
		const { token } = await tokens.create(db, { name: "bench", scopes, days: 1, by: "service" });
		this.#client = new FleetClient({ origin, token });
		await this.published();
	}

	/** Resolves when nothing has been waiting to be published for some seconds: the census is through. */
	async published(): Promise<void> {
		const { db } = this.database;
		let emptySinceMs = performance.now();
		const settled = async () => {
			if (await db.selectFrom("outbound").select("id").limit(1).executeTakeFirst()) emptySinceMs = performance.now();
			return performance.now() - emptySinceMs > QUIET_MS;
		};
		await waitFor(settled, "all that was to be published", START_MS);
	}

	/** What meeting links of this fleet hold its authority by: SHA-256 of its public key. */
	caPin(): Uint8Array<ArrayBuffer> {
		const { publicKey } = new X509Certificate(readFileSync(join(this.stateFolder, "ca/ca.pem")));
		const hash = createHash("sha256").update(publicKey.export({ type: "spki", format: "der" }));
		return new Uint8Array(hash.digest());
	}

	/** A signed-in admin's cookie. */
	async cookie(): Promise<{ name: string; value: string; url: string }> {
		const { db } = this.database;
		const { token } = await signedIn(db, { name: "Bench", role: "fleet_admin", clock: systemClock });
		return { name: "incamera", value: token, url: this.origin };
	}

	/** Process ids: the Node processes of the service (the first has the HTTP side), PostgreSQL's, the brokers'. */
	processes(): { workers: number[]; database: number[]; devicesBroker: number; brokers: number[] } {
		const all = treeOf(this.#child?.pid as number).map((pid) => ({ pid, ...describe(pid) }));
		const named = (name: string) => all.filter((one) => one.name === name);
		const brokers = named("mosquitto");
		const devices = brokers.find(({ command }) => command.includes("incamera-broker-"));
		return {
			workers: all.filter(({ name }) => name.startsWith("node")).map(({ pid }) => pid),
			database: named("postgres").map(({ pid }) => pid),
			devicesBroker: devices?.pid ?? -1,
			brokers: brokers.map(({ pid }) => pid),
		};
	}

	async stop(): Promise<void> {
		await this.#database?.close();
		this.#database = null;
		this.#client = null;
		const child = this.#child;
		this.#child = null;
		if (!child || child.exitCode !== null || child.signalCode !== null) return;
		const gone = once(child, "exit");
		child.kill("SIGTERM");
		await gone;
	}

	#config(workers: number): object {
		const { http, devices, bootstrap } = this.#ports;
		const { reachedAs, firmware, rendezvous } = this.#options;
		const origin = `http://${reachedAs ?? "127.0.0.1"}:${http}`;
		return {
			port: http,
			guestFolder: join(root, "build/ui/guest"),
			stateFolder: this.stateFolder,
			broker: { port: devices, bootstrap: { port: bootstrap }, ...(reachedAs ? { names: [reachedAs] } : {}) },
			fleet: {
				name: "Bench",
				origin: this.origin,
				consoleFolder: join(root, "build/ui/console"),
				rendezvous: rendezvous ?? origin,
				...(reachedAs ? { brokers: [this.broker] } : {}),
				...(firmware ? { firmware: { folder: firmware, url: `${origin}/firmware` } } : {}),
				workers,
			},
		};
	}
}

function describe(pid: number): { name: string; command: string } {
	try {
		const read = (file: string) => readFileSync(`/proc/${pid}/${file}`, "utf8");
		return { name: read("comm").trim(), command: read("cmdline").replaceAll("\0", " ") };
	} catch {
		return { name: "", command: "" };
	}
}
