import mqtt from "mqtt";
import { type Clock, systemClock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import type { FleetCa } from "../ca/FleetCa.ts";
import { Daemon } from "../child/Daemon.ts";
import { freePort, isPortTaken } from "../child/freePort.ts";
import { RunFolder } from "../child/RunFolder.ts";
import { unprivileged } from "../child/unprivileged.ts";
import { mosquittoAcl, mosquittoConfig } from "./mosquittoConfig.ts";

export interface BrokerOptions {
	ca: FleetCa;
	/** Address to listen on; loopback unless the building's network is meant. */
	host?: string;
	/** 0 or absent: a free one. */
	port?: number;
	/** Further names and addresses by which rooms reach it, for its certificate. */
	names?: readonly string[];
	clock?: Clock;
}

export interface Broker {
	/** `mqtts://host:port`. */
	readonly url: string;
	readonly port: number;
	/** Process id, null while it is being started again. */
	readonly pid: number | null;
	/** Lets the broker read the authority's present revocation list; from then on it refuses those certificates. */
	publishRevocations(): Promise<void>;
	close(): Promise<void>;
}

/** Client id of the readiness check; a room is never called this. */
const PROBE = "broker-probe";
/** Somebody may take a free port before mosquitto does. */
const PORT_TRIES = 3;
/** Server certificate and revocation list live 60 days and are made new every twenty, while the broker runs. */
const RENEW_MS = 20 * 86_400_000;

/**
 * Runs Debian's mosquitto as a child, never as root: TLS 1.3 with device certificates of `ca`, rights of the contract.
 * It is started again when it dies. Errors: `broker.not_installed`, `broker.start_failed`, `broker.port_taken`, `broker.not_ready`.
 */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
	const host = options.host ?? "127.0.0.1";
	for (let attempt = 1; ; attempt++) {
		const port = options.port || (await freePort(host));
		try {
			return await startOn(host, port, options);
		} catch (error) {
			const taken = error instanceof RoomError && error.code === "broker.port_taken";
			if (!taken || options.port || attempt === PORT_TRIES) throw error;
		}
	}
}

async function startOn(
	host: string,
	port: number,
	{ ca, names = [], clock = systemClock }: BrokerOptions,
): Promise<Broker> {
	const account = await unprivileged("mosquitto");
	const folder = await RunFolder.create("broker", account);
	const writeCredentials = async () => {
		const server = await ca.issueServer([...new Set([host, ...names])]);
		return {
			ca: await folder.write("ca.pem", ca.certificate),
			crl: await folder.write("crl.pem", ca.crl),
			certificate: await folder.write("server.pem", server.certificate),
			key: await folder.write("server.key.pem", server.key),
		};
	};
	const files = { ...(await writeCredentials()), acl: await folder.write("acl", mosquittoAcl()) };
	const config = await folder.write("mosquitto.conf", mosquittoConfig({ host, port, files }));
	const ready = () => answers(ca, host, port);
	const daemon = new Daemon({ name: "broker", command: "mosquitto", args: ["-c", config], account, ready, clock });
	try {
		await daemon.start();
	} catch (error) {
		await folder.remove();
		if (error instanceof RoomError && error.code !== "broker.not_installed" && (await isPortTaken(host, port))) {
			throw new RoomError("broker.port_taken", "another program listens on the broker's port", { context: { port } });
		}
		throw error;
	}
	const renew = (): void => {
		ca.renewCrl()
			.then(writeCredentials)
			.then(() => daemon.reload())
			// The old ones are good for another forty days.
			.catch(() => {})
			.finally(() => {
				cancelRenewal = clock.after(RENEW_MS, renew);
			});
	};
	let cancelRenewal = clock.after(RENEW_MS, renew);
	let closed = false;
	return {
		url: `mqtts://${host.includes(":") ? `[${host}]` : host}:${port}`,
		port,
		get pid() {
			return daemon.pid;
		},
		async publishRevocations() {
			await folder.write("crl.pem", ca.crl);
			daemon.reload();
		},
		async close() {
			if (closed) return;
			closed = true;
			cancelRenewal();
			await daemon.stop();
			await folder.remove();
		},
	};
}

/** Whether our broker, and no other program, takes a client on this port. */
async function answers(ca: FleetCa, host: string, port: number): Promise<boolean> {
	const identity = await ca.issueDevice(PROBE, { days: 1 });
	try {
		const client = await mqtt.connectAsync({
			protocol: "mqtts",
			host,
			port,
			ca: ca.certificate,
			key: identity.key,
			cert: identity.certificate,
			clientId: PROBE,
			protocolVersion: 5,
			reconnectPeriod: 0,
			connectTimeout: 3000,
		});
		await client.endAsync(true);
		return true;
	} catch {
		return false;
	}
}
