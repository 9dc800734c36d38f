import type { IceServer } from "../meeting/Peer.ts";
import { type Check, care, type Finding, fine } from "./Check.ts";

/** Whether the TURN servers that the rendezvous hands out answer from this network. */
export class TurnCheck implements Check {
	readonly id = "turn";
	readonly title = "TURN server";
	readonly #servers: (signal: AbortSignal) => Promise<IceServer[]>;
	readonly #answers: (host: string, port: number, ms: number) => Promise<boolean>;

	/** @param answers whether a STUN Binding request is answered there (RFC 8489 section 2). */
	constructor(
		servers: (signal: AbortSignal) => Promise<IceServer[]>,
		answers: (host: string, port: number, ms: number) => Promise<boolean>,
	) {
		this.#servers = servers;
		this.#answers = answers;
	}

	async run(signal: AbortSignal): Promise<Finding> {
		let servers: IceServer[];
		try {
			servers = await this.#servers(signal);
		} catch {
			return care(
				"doctor.rendezvous_unreachable",
				"the rendezvous can't be reached, so TURN is not known",
				"Check `rendezvous` in the room's configuration and that this network reaches it.",
			);
		}
		const urls = servers.flatMap((server) => server.urls).filter((url) => /^turns?:/.test(url));
		if (urls.length === 0)
			return care(
				"doctor.turn_missing",
				"the rendezvous hands out no TURN server",
				"Calls work where the two ends reach each other directly. For guests behind firewalls run a TURN server: INCAMERA_TURN=1 npm start shows one.",
			);
		const results = await Promise.all(urls.map(async (url) => ({ url, up: await this.#reach(url) })));
		const silent = results.filter(({ up }) => !up);
		if (silent.length === 0) return fine(`${urls.length} answer`);
		return care(
			"doctor.turn_unreachable",
			`${silent.length} of ${urls.length} don't answer`,
			"Open UDP to the TURN server's port in the firewall, or see whether coturn runs.",
		);
	}

	async #reach(url: string): Promise<boolean> {
		const parts = /^turns?:(\[[^\]]+\]|[^:?]+)(?::(\d+))?/.exec(url);
		if (!parts?.[1]) return false;
		return this.#answers(parts[1].replaceAll(/[[\]]/g, ""), Number(parts[2] ?? 3478), 1500);
	}
}
