import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Clock } from "../../device/core/clock.ts";
import { RoomError } from "../../device/core/RoomError.ts";
import { type AppOptions, createApp } from "./app.ts";
import { TurnCredentials } from "./turn/TurnCredentials.ts";

export interface ServiceOptions {
	/** Loopback unless a network is meant. */
	host?: string;
	/** 0: a free one. */
	port: number;
	/** The built guest page: `index.html` and `assets/`. */
	guestFolder: string;
	/** PEM; absent: plain HTTP. */
	tls?: { key: string; certificate: string };
	/** The TURN server that members are told of, and the secret shared with it. */
	turn?: { urls: readonly string[]; secret: string };
	behindProxy?: boolean;
	/** The fleet CA's folder: guests get its revocation list. */
	caFolder?: string;
	/** Adds further routes: the fleet's API and console. */
	routes?: NonNullable<AppOptions["routes"]>;
	clock?: Clock;
}

export interface Service {
	/** `http://host:port` or `https://host:port`. */
	readonly url: string;
	readonly port: number;
	close(): Promise<void>;
}

/**
 * Starts rendezvous, guest page and health. Errors: `service.guest_page_missing` (not built), `service.port_taken`,
 * `service.start_failed`.
 */
export async function startService(options: ServiceOptions): Promise<Service> {
	const { host = "127.0.0.1", clock, tls } = options;
	try {
		await readFile(join(options.guestFolder, "index.html"));
	} catch (cause) {
		throw new RoomError("service.guest_page_missing", "the guest page is not built", { cause });
	}
	const timing = clock ? { clock } : {};
	const turn = options.turn ? new TurnCredentials({ ...options.turn, ...timing }) : null;
	const app = await createApp({
		guestFolder: options.guestFolder,
		...(tls ? { tls } : {}),
		...(options.caFolder ? { caFolder: options.caFolder } : {}),
		...(options.routes ? { routes: options.routes } : {}),
		rendezvous: {
			...timing,
			behindProxy: options.behindProxy === true,
			iceServers: () => (turn ? [turn.issue()] : []),
		},
	});
	try {
		await app.listen({ host, port: options.port });
	} catch (cause) {
		await app.close();
		const taken = (cause as NodeJS.ErrnoException).code === "EADDRINUSE";
		throw new RoomError(taken ? "service.port_taken" : "service.start_failed", "the service can't listen", {
			context: { port: options.port },
			cause,
		});
	}
	const { port } = app.server.address() as AddressInfo;
	return {
		url: `${tls ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${port}`,
		port,
		close: () => app.close(),
	};
}
