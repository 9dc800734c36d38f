import { randomBytes } from "node:crypto";
import { chown, mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import type { MqttClient } from "mqtt";
import { type Clock, systemClock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { topics } from "../../contract/topics.ts";
import type { FleetCa } from "../ca/FleetCa.ts";
import { Daemon } from "../child/Daemon.ts";
import { freePort, isPortTaken } from "../child/freePort.ts";
import { openTheWay } from "../child/openTheWay.ts";
import { RunFolder } from "../child/RunFolder.ts";
import { type Account, unprivileged } from "../child/unprivileged.ts";
import type { BrokerAdapter } from "./BrokerAdapter.ts";
import { CheckedBroker } from "./CheckedBroker.ts";
import { type BrokerAddress, connectOnce } from "./clientChecks.ts";
import { contactUrl, type ListenAddress } from "./listenAddress.ts";
import { MosquittoFiles } from "./MosquittoFiles.ts";
import { PROBE } from "./names.ts";

export interface BrokerOptions {
	ca: FleetCa;
	/** Address to listen on; loopback unless the building's network is meant. */
	host?: string;
	/** 0 or absent: a free one. */
	port?: number;
	/** Further names and addresses by which rooms reach it, for its certificate. */
	names?: readonly string[];
	/** A listener for those who have no certificate yet, on the same addresses; absent: none. Port 0 or absent: a free one. */
	bootstrap?: { port?: number };
	/** Where retained messages outlive a restart; absent: in memory only. */
	dataFolder?: string;
	clock?: Clock;
}

/** A private mosquitto, or two. */
export interface Broker extends BrokerAdapter {
	readonly port: number;
	/** Process id of the devices' broker, null while it is being started again. */
	readonly pid: number | null;
	/** Process id of the bootstrap broker, null if there is none at the moment. */
	readonly bootstrapPid: number | null;
}

/** Somebody may take a free port before mosquitto does. */
const PORT_TRIES = 3;
/** Server certificate and revocation list live 60 days and are made new every twenty, while the broker runs. */
const RENEW_MS = 20 * 86_400_000;
/**
 * Connections on the bootstrap listener, roughly, by way of open files: mosquitto 2.0.11 counts a closed connection twice, so that its own
 * `max_connections` grows with every connection that ends.
 */
const BOOTSTRAP_FILES = 600;

/**
 * Runs Debian's mosquitto as a child, never as root: TLS 1.3 with device certificates of `ca`, rights of the contract; with `bootstrap` a
 * second one for enrolment. They are started again when they die. Errors: `broker.not_installed`, `broker.start_failed`,
 * `broker.port_taken`, `broker.not_ready`, `broker.data_unreachable`.
 */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
	const host = options.host ?? "127.0.0.1";
	const fixed = [options.port, options.bootstrap?.port].some((port) => port);
	for (let attempt = 1; ; attempt++) {
		try {
			const port = options.port || (await freePort(host));
			const bootstrapPort = options.bootstrap && (options.bootstrap.port || (await freePort(host)));
			return await startOn({ ...options, host, port }, bootstrapPort ?? null);
		} catch (error) {
			const taken = error instanceof RoomError && error.code === "broker.port_taken";
			if (!taken || fixed || attempt === PORT_TRIES) throw error;
		}
	}
}

async function startOn(
	options: BrokerOptions & { host: string; port: number },
	bootstrapPort: number | null,
): Promise<Broker> {
	const { ca, clock = systemClock } = options;
	const devices: ListenAddress = { host: options.host, port: options.port, names: options.names ?? [] };
	const bootstrap = bootstrapPort === null ? null : { ...devices, port: bootstrapPort };
	const account = await unprivileged("mosquitto");
	const undo: (() => Promise<void>)[] = [];
	const close = async () => {
		for (const step of undo.splice(0).reverse()) await step();
	};
	try {
		const dataFolder = options.dataFolder ? await prepareData(resolve(options.dataFolder), account) : null;
		const folder = async (name: string) => {
			const made = await RunFolder.create(name, account);
			undo.push(() => made.remove());
			return made;
		};
		const files = new MosquittoFiles({
			ca,
			devices: { ...devices, files: await folder("broker"), dataFolder },
			bootstrap: bootstrap && { ...bootstrap, files: await folder("bootstrap") },
		});
		const paths = await files.writeAll();
		const run = async (config: string, address: ListenAddress, ready: () => Promise<boolean>, maxFiles?: number) => {
			const limit = maxFiles ? { maxFiles } : {};
			const daemon = new Daemon({
				...{ name: "broker", command: "mosquitto", args: ["-c", config], account, ready, clock },
				// It writes its data before it ends.
				stopMs: 30_000,
				...limit,
			});
			await startDaemon(daemon, address);
			undo.push(() => daemon.stop());
			return daemon;
		};
		const reach = (address: ListenAddress): BrokerAddress => ({ url: contactUrl(address), ca: ca.certificate });
		const main = await run(paths.devices, devices, () => answers(ca, reach(devices)));
		const second =
			bootstrap && paths.bootstrap
				? await run(paths.bootstrap, bootstrap, () => carries(ca, reach(devices), reach(bootstrap)), BOOTSTRAP_FILES)
				: null;
		undo.push(
			every(clock, RENEW_MS, async () => {
				await ca.renewCrl();
				await files.writeCredentials();
				main.reload();
				second?.reload();
			}),
		);
		const checked = new CheckedBroker({
			ca,
			url: contactUrl(devices),
			bootstrapUrl: bootstrap && contactUrl(bootstrap),
			apply: async () => {
				await files.writeRevocations();
				main.reload();
			},
			force: () => main.restart(),
			clock,
		});
		undo.push(() => checked.close());
		return {
			url: checked.url,
			port: devices.port,
			bootstrapUrl: checked.bootstrapUrl,
			get pid() {
				return main.pid;
			},
			get bootstrapPid() {
				return second?.pid ?? null;
			},
			bootstrapCertificates: async () => files.bootstrapCertificates,
			publishRevocations: () => checked.publishRevocations(),
			revoke: (deviceId) => checked.revoke(deviceId),
			close,
		};
	} catch (error) {
		await close();
		throw error;
	}
}

async function startDaemon(daemon: Daemon, { host, port }: ListenAddress): Promise<void> {
	try {
		await daemon.start();
	} catch (error) {
		if (error instanceof RoomError && error.code !== "broker.not_installed" && (await isPortTaken(host, port))) {
			throw new RoomError("broker.port_taken", "another program listens on the broker's port", { context: { port } });
		}
		throw error;
	}
}

async function prepareData(folder: string, account: Account | null): Promise<string> {
	await mkdir(folder, { recursive: true, mode: 0o700 });
	if (!account) return folder;
	await chown(folder, account.uid, account.gid);
	if (await openTheWay(folder, account)) return folder;
	throw new RoomError("broker.data_unreachable", "the broker's account can't reach its data folder");
}

/** Whether our broker, and no other program, takes a client there. */
async function answers(ca: FleetCa, devices: BrokerAddress): Promise<boolean> {
	try {
		const client = await connectOnce(devices, await ca.issuePart("probe", { days: 1 }), PROBE);
		await client.endAsync(true);
		return true;
	} catch {
		return false;
	}
}

const CARRY_MS = 1000;
const REPEAT_MS = 50;

/** Whether a message from the devices' broker gets to somebody on the bootstrap listener. */
async function carries(ca: FleetCa, devices: BrokerAddress, bootstrap: BrokerAddress): Promise<boolean> {
	const nonce = randomBytes(16).toString("hex");
	const topic = topics.enrolDown(nonce);
	const clients: MqttClient[] = [];
	try {
		const somebody = await connectOnce(bootstrap, null, nonce);
		clients.push(somebody);
		let heard = false;
		somebody.once("message", () => {
			heard = true;
		});
		await somebody.subscribeAsync(topic, { qos: 1 });
		const probe = await connectOnce(devices, await ca.issuePart("probe", { days: 1 }), PROBE);
		clients.push(probe);
		// The line between the two may be there a moment later.
		for (const until = Date.now() + CARRY_MS; !heard && Date.now() < until; ) {
			await probe.publishAsync(topic, "", { qos: 1 });
			await new Promise((resolve) => setTimeout(resolve, REPEAT_MS));
		}
		return heard;
	} catch {
		return false;
	} finally {
		for (const client of clients) await client.endAsync(true);
	}
}

/** Does something again and again; resolves the returned function when nothing of it is to come. A failure waits for the next time. */
function every(clock: Clock, ms: number, task: () => Promise<void>): () => Promise<void> {
	let stopped = false;
	let cancel: () => void;
	let running: Promise<void> = Promise.resolve();
	const again = (): void => {
		cancel = clock.after(ms, () => {
			running = task()
				.catch(() => {})
				.then(() => {
					if (!stopped) again();
				});
		});
	};
	again();
	return async () => {
		stopped = true;
		cancel();
		await running;
	};
}
