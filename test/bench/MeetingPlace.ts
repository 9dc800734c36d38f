import { join } from "node:path";
import { createLink, formatLink } from "../../device/meeting/link.ts";
import { type Service, startService } from "../../provisioning/service/startService.ts";
import { startTurn, type Turn } from "../../provisioning/service/turn/coturn.ts";
import type { BadNetwork } from "./BadNetwork.ts";

/** Rendezvous and guest page alone, for benches of media that need no rooms around; with TURN behind a bad network, if one is given. */
export class MeetingPlace {
	readonly #service: Service;
	readonly #turn: Turn | null;

	private constructor(service: Service, turn: Turn | null) {
		this.#service = service;
		this.#turn = turn;
	}

	static async start(network?: BadNetwork): Promise<MeetingPlace> {
		let turn: Turn | null = null;
		try {
			if (network) turn = await startTurn({ host: network.host });
			const urls = turn && network ? await network.relayBefore(turn) : [];
			const guestFolder = join(import.meta.dirname, "..", "..", "build", "ui", "guest");
			const secrets = turn ? { turn: { urls, secret: turn.secret } } : {};
			return new MeetingPlace(await startService({ port: 0, guestFolder, ...secrets }), turn);
		} catch (error) {
			await turn?.close();
			throw error;
		}
	}

	/** A meeting that nobody was in yet. */
	link(): string {
		return formatLink(createLink({ origin: this.#service.url, caPin: new Uint8Array(32) }));
	}

	async stop(): Promise<void> {
		await Promise.allSettled([this.#service.close(), this.#turn?.close()]);
	}
}
