import { chown, mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import { type Clock, systemClock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import type { FleetCa } from "../ca/FleetCa.ts";
import { Daemon } from "../child/Daemon.ts";
import { isPortTaken } from "../child/freePort.ts";
import { openTheWay } from "../child/openTheWay.ts";
import { RunFolder } from "../child/RunFolder.ts";
import { type Account, unprivileged } from "../child/unprivileged.ts";
import type { BrokerAdapter } from "./BrokerAdapter.ts";
import { CheckedBroker } from "./CheckedBroker.ts";
import type { BrokerAddress } from "./clientChecks.ts";
import { contactUrl, type ListenAddress } from "./listenAddress.ts";
import { MosquittoFiles } from "./MosquittoFiles.ts";
import { choosePorts, type Ports, type WantedPorts } from "./ports.ts";
import { answers, carries } from "./probes.ts";
import { renewing } from "./renewing.ts";

export interface BrokerOptions {
	ca: FleetCa;
	/** Address to listen on; loopback unless the building's network is meant. */
	host?: string;
	/** For devices. 0 or absent: the last one of `dataFolder`, else a free one. */
	port?: number;
	/** For workers; likewise. */
	servicePort?: number;
	/** Further names and addresses by which it is reached, for its certificate. */
	names?: readonly string[];
	/** A listener for those who have no certificate yet, on the same addresses; absent: none. The port likewise. */
	bootstrap?: { port?: number };
	/** Where retained messages and waiting sessions outlive a restart; absent: in memory only. */
	dataFolder?: string;
	clock?: Clock;
}

/** A private mosquitto, or two. */
export interface Broker extends BrokerAdapter {
	/** For devices. */
	readonly port: number;
	/** Process id of the devices' broker, null while it is being started again. */
	readonly pid: number | null;
	/** Process id of the bootstrap broker, null if there is none at the moment. */
	readonly bootstrapPid: number | null;
}

const LOOPBACK = "127.0.0.1";
/** Somebody may take a free port before mosquitto does. */
const PORT_TRIES = 3;
/**
 * Connections on the bootstrap listener, roughly, by way of open files: mosquitto 2.0.11 counts a closed connection twice, so that its own
 * `max_connections` grows with every connection that ends.
 */
const BOOTSTRAP_FILES = 600;

/**
 * Runs Debian's mosquitto as a child, never as root: TLS 1.3 with certificates of `ca`, rights of the contract; with `bootstrap` a second
 * one for enrolment. They are started again when they die. Errors: `broker.not_installed`, `broker.start_failed`, `broker.port_taken`,
 * `broker.not_ready`, `broker.data_unreachable`.
 */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
	const { host = LOOPBACK, port = 0, servicePort = 0, bootstrap } = options;
	const account = await unprivileged("mosquitto");
	const dataFolder = options.dataFolder ? await prepareData(resolve(options.dataFolder), account) : null;
	const wanted = { devices: port, service: servicePort, bootstrap: bootstrap ? (bootstrap.port ?? 0) : null };
	for (let attempt = 1; ; attempt++) {
		try {
			return await startOn({ ...options, host, account, dataFolder }, await choosePorts(host, wanted, dataFolder));
		} catch (error) {
			if (attempt === PORT_TRIES || !(error instanceof RoomError) || !mayBeItsPorts(error, wanted)) throw error;
		}
	}
}

/** Whether another try may help: on other ports, where we choose them. Who had one may be gone by the time that we look: then it only ended at once. */
function mayBeItsPorts({ code, context }: RoomError, wanted: WantedPorts): boolean {
	if (code === "broker.port_taken") return !Object.values(wanted).includes(Number(context["port"]));
	return code === "broker.start_failed";
}

interface Setting {
	ca: FleetCa;
	host: string;
	names?: readonly string[];
	account: Account | null;
	dataFolder: string | null;
	clock?: Clock;
}

async function startOn(setting: Setting, ports: Ports): Promise<Broker> {
	const { ca, host, names = [], account, dataFolder, clock = systemClock } = setting;
	const at = (port: number): ListenAddress => ({ host, port, names });
	const devices = at(ports.devices);
	// Private: its workers are on this machine.
	const service = { ...at(ports.service), host: LOOPBACK };
	const bootstrap = ports.bootstrap === null ? null : at(ports.bootstrap);
	const undo: (() => Promise<void>)[] = [];
	const close = async () => {
		for (const step of undo.splice(0).reverse()) await step();
	};
	const folder = async (name: string) => {
		const made = await RunFolder.create(name, account);
		undo.push(() => made.remove());
		return made;
	};
	const run = async (config: string, addresses: ListenAddress[], ready: () => Promise<boolean>, maxFiles?: number) => {
		const daemon = new Daemon({
			...{ name: "broker", command: "mosquitto", args: ["-c", config], account, ready, clock },
			// It writes its data before it ends.
			stopMs: 30_000,
			...(maxFiles ? { maxFiles } : {}),
		});
		await startDaemon(daemon, addresses);
		undo.push(() => daemon.stop());
		return daemon;
	};
	const reach = (address: ListenAddress): BrokerAddress => ({ url: contactUrl(address), ca: ca.certificate });
	try {
		const files = new MosquittoFiles({
			...{ ca, files: await folder("broker"), devices, service, dataFolder },
			bootstrap: bootstrap && { ...bootstrap, files: await folder("bootstrap") },
		});
		const configs = await files.writeAll();
		const main = await run(configs.devices, [devices, service], () => answers(ca, reach(devices)));
		let second: Daemon | null = null;
		if (bootstrap && configs.bootstrap) {
			const ready = () => carries(ca, reach(devices), reach(bootstrap));
			second = await run(configs.bootstrap, [bootstrap], ready, BOOTSTRAP_FILES);
		}
		undo.push(
			renewing(clock, async () => {
				await ca.renewCrl();
				await files.writeCredentials();
				main.reload();
				second?.reload();
			}),
		);
		const checked = new CheckedBroker({
			ca,
			url: contactUrl(devices),
			serviceUrl: contactUrl(service),
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
			serviceUrl: checked.serviceUrl,
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

async function startDaemon(daemon: Daemon, addresses: readonly ListenAddress[]): Promise<void> {
	try {
		await daemon.start();
	} catch (error) {
		if (!(error instanceof RoomError) || error.code === "broker.not_installed") throw error;
		for (const { host, port } of addresses) {
			if (!(await isPortTaken(host, port))) continue;
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
