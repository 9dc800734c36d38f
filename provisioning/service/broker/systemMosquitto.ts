import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type Clock, systemClock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { writeStateFile } from "../../../device/core/writeStateFile.ts";
import type { FleetCa } from "../ca/FleetCa.ts";
import type { BrokerAdapter } from "./BrokerAdapter.ts";
import { CheckedBroker } from "./CheckedBroker.ts";
import { contactUrl, type ListenAddress } from "./listenAddress.ts";
import { type FileWriter, MosquittoFiles } from "./MosquittoFiles.ts";
import { answers, carries } from "./probes.ts";
import { renewing } from "./renewing.ts";

export interface SystemBrokerOptions {
	ca: FleetCa;
	/**
	 * Has the folders `devices` and `bootstrap`, each with the set-group-id bit and the group of the broker that reads it
	 * (systemd/incamera-fleet.tmpfiles). Exactly one process of the fleet may write there.
	 */
	folder: string;
	host: string;
	port: number;
	/** For workers; loopback unless some are on other machines. */
	serviceHost?: string;
	servicePort: number;
	names?: readonly string[];
	bootstrap?: { port: number };
	/** Where the brokers' own account keeps retained messages and waiting sessions. */
	dataFolder: string;
	/** How long the brokers may take to be there, milliseconds. */
	readyMs?: number;
	/** How long they may take to heed a list, milliseconds. */
	heedMs?: number;
	clock?: Clock;
}

const POLL_MS = 200;

/**
 * The mosquittos of the system's units: their files are written here, and a path unit that watches `reload` or `restart` beside them does
 * the rest, so that this process needs no right over units. Errors: `broker.not_ready` (the units are not enabled, or `journalctl -u
 * mosquitto` says why), `broker.folder_missing`.
 */
export async function openSystemBroker(options: SystemBrokerOptions): Promise<BrokerAdapter> {
	const { ca, host, names = [], clock = systemClock, readyMs = 30_000 } = options;
	const at = (port: number): ListenAddress => ({ host, port, names });
	const devices = at(options.port);
	const service = { ...at(options.servicePort), host: options.serviceHost ?? "127.0.0.1" };
	const bootstrap = options.bootstrap ? at(options.bootstrap.port) : null;
	const main = new SharedFolder(join(resolve(options.folder), "devices"));
	const second = new SharedFolder(join(resolve(options.folder), "bootstrap"));
	const before = [await main.read("mosquitto.conf"), await second.read("mosquitto.conf")];
	const localId = /^local_clientid (.+)$/m.exec(before[1] ?? "")?.[1];
	const files = new MosquittoFiles({
		...{ ca, files: main, devices, service, dataFolder: options.dataFolder },
		bootstrap: bootstrap && { ...bootstrap, files: second, ...(localId ? { localId } : {}) },
	});
	await files.writeAll();
	await main.touch((await main.read("mosquitto.conf")) === before[0] ? "reload" : "restart");
	if (bootstrap) await second.touch("restart");
	const reach = (address: ListenAddress) => ({ url: contactUrl(address), ca: ca.certificate });
	const ready = () => (bootstrap ? carries(ca, reach(devices), reach(bootstrap)) : answers(ca, reach(devices)));
	for (const until = Date.now() + readyMs; !(await ready()); ) {
		if (Date.now() > until) throw new RoomError("broker.not_ready", "the system's broker does not answer");
		await new Promise((resolve) => setTimeout(resolve, POLL_MS));
	}
	const checked = new CheckedBroker({
		ca,
		url: contactUrl(devices),
		serviceUrl: contactUrl(service),
		bootstrapUrl: bootstrap && contactUrl(bootstrap),
		apply: async () => {
			await files.writeRevocations();
			await main.touch("reload");
		},
		force: () => main.touch("restart"),
		...(options.heedMs ? { heedMs: options.heedMs } : {}),
		clock,
	});
	const endRenewing = renewing(clock, async () => {
		await ca.renewCrl();
		await files.writeCredentials();
		await main.touch("reload");
		// Nothing lives there that a restart could end, but enrolments of these seconds; they begin again.
		if (bootstrap) await second.touch("restart");
	});
	return {
		url: checked.url,
		serviceUrl: checked.serviceUrl,
		bootstrapUrl: checked.bootstrapUrl,
		bootstrapCertificates: async () => files.bootstrapCertificates,
		publishRevocations: () => checked.publishRevocations(),
		revoke: (deviceId) => checked.revoke(deviceId),
		async close() {
			await endRenewing();
			await checked.close();
		},
	};
}

/** Files that a broker of another account reads by its group; each appears whole. */
class SharedFolder implements FileWriter {
	readonly #path: string;

	constructor(path: string) {
		this.#path = path;
	}

	async read(name: string): Promise<string | null> {
		return readFile(join(this.#path, name), "utf8").catch(() => null);
	}

	async write(name: string, data: string): Promise<string> {
		const path = join(this.#path, name);
		try {
			await writeStateFile(path, data, 0o640);
		} catch (cause) {
			throw new RoomError("broker.folder_missing", "the folder for the broker's files can't be written", { cause });
		}
		return path;
	}

	/** Tells the path unit. */
	async touch(name: "reload" | "restart"): Promise<void> {
		await this.write(name, `${randomUUID()}\n`);
	}
}
