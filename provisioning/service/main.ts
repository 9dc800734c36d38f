import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { systemClock } from "../../device/core/clock.ts";
import { jsonLog } from "../../device/core/log.ts";
import { RoomError } from "../../device/core/RoomError.ts";
import { FleetApi } from "./api/FleetApi.ts";
import { LocalDoor } from "./api/LocalDoor.ts";
import { type BrokerOptions, startBroker } from "./broker/mosquitto.ts";
import { openCa } from "./ca/FleetCa.ts";
import { closeInOrder } from "./closeInOrder.ts";
import { readServiceConfig, type ServiceConfig } from "./config.ts";
import { consolePage } from "./consolePage.ts";
import { firmwareFiles } from "./firmware/firmwareFiles.ts";
import { fleetHealth } from "./fleet/fleetHealth.ts";
import { type FleetOptions, startFleet } from "./fleet/startFleet.ts";
import { FleetMetrics } from "./metrics/FleetMetrics.ts";
import { addressOf } from "./rendezvous/plugin.ts";
import { type ServiceOptions, startService } from "./startService.ts";
import { startTurn } from "./turn/coturn.ts";

/** Pages, fleet and TURN together are done before the unit's sixty seconds are over. */
const PART_STOP_MS = 18_000;

/**
 * The service's composition root: `node provisioning/service/main.ts --config file.yaml`. Ends in order on SIGINT and SIGTERM; exit
 * code 1 with one JSON line that has the error's code when it can't start.
 */
async function run(config: ServiceConfig): Promise<() => Promise<void>> {
	const running: { close(): Promise<void> }[] = [];
	const close = () =>
		closeInOrder(
			running.splice(0).map((part) => () => part.close()),
			{ partMs: PART_STOP_MS, clock: systemClock, log },
		);
	try {
		const parts = await fleetOf(config, running);
		const turn = await turnOf(config, running);
		const { host, port, guestFolder, behindProxy, tls } = config;
		running.push(
			await startService({
				host,
				port,
				guestFolder,
				caFolder: join(config.stateFolder, "ca"),
				behindProxy,
				...parts,
				...(tls ? { tls: { certificate: await read(tls.certificate), key: await read(tls.key) } } : {}),
				...(turn ? { turn } : {}),
			}),
		);
	} catch (error) {
		await close();
		throw error;
	}
	return close;
}

/** Starts the fleet service, or only an authority with a broker; what it adds to the HTTP side. */
async function fleetOf(
	config: ServiceConfig,
	running: { close(): Promise<void> }[],
): Promise<Pick<ServiceOptions, "routes">> {
	const { stateFolder, fleet: settings } = config;
	if (!settings) {
		const ca = await openCa(join(stateFolder, "ca"));
		if (config.broker) running.push(await startBroker({ ca, ...privateBroker(config.broker) }));
		return {};
	}
	const { name, origin, consoleFolder, firmware, database, brokers, broker, metrics: metricsFor, ...rest } = settings;
	if (metricsFor === "loopback" && config.behindProxy) {
		throw new RoomError("config.unusable", "behind a proxy everybody comes from this machine: metrics need a token");
	}
	if (!broker === !config.broker) {
		throw new RoomError("config.unusable", "a fleet needs either `broker` or `fleet.broker`");
	}
	let metrics: FleetMetrics | null = null;
	const fleet = await startFleet({
		...rest,
		stateFolder,
		broker: broker ?? brokerOf(config.broker as BrokerConfig),
		...(database
			? { database: { url: database.url, ...(database.ownerUrl ? { ownerUrl: database.ownerUrl } : {}) } }
			: {}),
		...(brokers ? { brokers } : {}),
		log,
		outcome: (kind, outcome) => metrics?.bus(kind, outcome),
	});
	running.push(fleet);
	metrics = new FleetMetrics({ db: fleet.database.db, counters: fleet.worker.counters });
	const api = { database: fleet.database, duties: fleet.worker.duties, clock: systemClock, log, name, origin, metrics };
	return {
		routes: async (app) => {
			const registered = await FleetApi.register(app, {
				...api,
				metricsFor,
				...(firmware ? { firmware: { folder: firmware.folder, url: firmware.url ?? `${origin}/firmware` } } : {}),
				addressOf: (request) => addressOf(request.raw, config.behindProxy),
			});
			fleetHealth(app, fleet.worker);
			if (firmware) await app.register(firmwareFiles, { folder: firmware.folder });
			if (consoleFolder) await app.register(consolePage, { folder: consoleFolder, origin });
			// Whoever has this machine lets the first person in, and others when no admin has their passkey any longer.
			await registered.inviteFirstAdmin(join(stateFolder, "first-admin.url"));
			running.push(await LocalDoor.open({ stateFolder, invite: (role) => registered.invite(role) }));
		},
	};
}

type BrokerConfig = NonNullable<ServiceConfig["broker"]>;

const privateBroker = ({ bootstrap, system: _, servicePort, ...broker }: BrokerConfig): Omit<BrokerOptions, "ca"> => ({
	...broker,
	...(servicePort ? { servicePort } : {}),
	...(bootstrap ? { bootstrap } : {}),
});

function brokerOf(config: BrokerConfig): FleetOptions["broker"] {
	const { system, host, port, names, servicePort, bootstrap } = config;
	if (!system) return privateBroker(config);
	if (!servicePort) throw new RoomError("config.unusable", "`broker.system` needs `broker.servicePort`");
	const { folder, dataFolder, serviceHost } = system;
	return {
		...{ host, port, names, servicePort, folder, dataFolder },
		...(serviceHost ? { serviceHost } : {}),
		...(bootstrap ? { bootstrap } : {}),
	};
}

async function turnOf(
	{ turn }: ServiceConfig,
	running: { close(): Promise<void> }[],
): Promise<{ urls: readonly string[]; secret: string } | null> {
	if (!turn) return null;
	if ("urls" in turn) return { urls: turn.urls, secret: (await read(turn.secretFile)).trim() };
	const own = await startTurn();
	running.push(own);
	return own;
}

async function read(file: string): Promise<string> {
	try {
		return await readFile(file, "utf8");
	} catch (cause) {
		throw new RoomError("config.unreadable", "a file that the configuration names can't be read", { cause });
	}
}

const log = jsonLog({ write: (line) => process.stdout.write(line) });
try {
	const { values } = parseArgs({ options: { config: { type: "string" } } });
	if (!values.config) throw new RoomError("config.unreadable", "--config is missing");
	const close = await run(await readServiceConfig(values.config));
	log.write("info", "process.started", { program: "incamera-service", version: "0.1.0" });
	for (const signal of ["SIGINT", "SIGTERM"] as const) {
		process.once(signal, () => {
			log.write("info", "process.stopping", { program: "incamera-service", signal });
			void close().then(() => process.exit(0));
		});
	}
} catch (thrown) {
	const { code, context } = RoomError.from(thrown, "error.unexpected");
	if (code === "config.refused") log.write("error", "config.refused", { code, line: Number(context["line"]) });
	else log.write("error", "error.unexpected", { code });
	process.exitCode = 1;
}
