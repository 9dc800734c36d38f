import { randomBytes } from "node:crypto";
import { type Clock, systemClock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { stunAnswers } from "../../../device/core/stunAnswers.ts";
import { Daemon } from "../child/Daemon.ts";
import { freePort, isPortTaken } from "../child/freePort.ts";
import { RunFolder } from "../child/RunFolder.ts";
import { unprivileged } from "../child/unprivileged.ts";
import { coturnConfig } from "./coturnConfig.ts";

export interface TurnOptions {
	/** A loopback address: this relays within one machine. */
	host?: string;
	/** 0 or absent: a free one. */
	port?: number;
	clock?: Clock;
}

export interface Turn {
	/** For `ServiceOptions.turn`: the addresses and the secret that credentials are made with. */
	readonly urls: readonly string[];
	readonly secret: string;
	readonly port: number;
	readonly pid: number | null;
	close(): Promise<void>;
}

/**
 * Runs Debian's coturn as a child on loopback, never as root, with a secret made for this life.
 * Errors: `turn.not_installed`, `turn.start_failed`, `turn.port_taken`, `turn.not_ready`.
 */
export async function startTurn(options: TurnOptions = {}): Promise<Turn> {
	const { host = "127.0.0.1", clock = systemClock } = options;
	const port = options.port || (await freePort(host));
	if (await isPortTaken(host, port)) {
		throw new RoomError("turn.port_taken", "another program listens on the TURN port", { context: { port } });
	}
	const secret = randomBytes(32).toString("hex");
	const account = await unprivileged("turnserver");
	const folder = await RunFolder.create("turn", account);
	const config = await folder.write("turnserver.conf", coturnConfig({ host, port, secret, folder: folder.path }));
	const ready = () => stunAnswers(host, port, 500);
	const daemon = new Daemon({ name: "turn", command: "turnserver", args: ["-c", config], account, ready, clock });
	try {
		await daemon.start();
	} catch (error) {
		await folder.remove();
		throw error;
	}
	const at = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
	return {
		urls: [`turn:${at}?transport=udp`, `turn:${at}?transport=tcp`],
		secret,
		port,
		get pid() {
			return daemon.pid;
		},
		async close() {
			await daemon.stop();
			await folder.remove();
		},
	};
}
