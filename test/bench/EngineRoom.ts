import { EngineClient } from "../../device/media/EngineClient.ts";
import type { EngineOptions } from "../../device/media/protocol.ts";
import type { RemotePeer } from "../../device/media/RemotePeer.ts";
import type { PeerStats } from "../../device/media/stats.ts";
import { createGuestIdentity } from "../../device/meeting/identity.ts";
import { parseLink } from "../../device/meeting/link.ts";
import { Meeting } from "../../device/meeting/Meeting.ts";

/**
 * A room without its panel: the real media engine in its process and the real meeting in this one, for figures that a room program
 * has no use for. It meets as a guest would, so it needs no certificate.
 */
export class EngineRoom {
	readonly engine: EngineClient;
	#meeting: Meeting | null = null;
	#peers: RemotePeer[] = [];

	private constructor(engine: EngineClient) {
		this.engine = engine;
	}

	static async start(options: Partial<EngineOptions>): Promise<EngineRoom> {
		const engine = new EngineClient({
			camera: "synthetic",
			microphone: "synthetic",
			speaker: "none",
			display: "none",
			...options,
		});
		await engine.start();
		return new EngineRoom(engine);
	}

	/** Opens the sources and joins; resolves with the first decoded picture of the far end. */
	async join(link: string): Promise<void> {
		const { engine } = this;
		await engine.setSources({ microphone: true, camera: true });
		const parsed = parseLink(link);
		const meeting = new Meeting({
			link: parsed,
			identity: await createGuestIdentity(),
			name: "",
			trust: { caPin: parsed.caPin, isRevoked: () => false },
			createPeer: async (options) => {
				const peer = await engine.createPeer(options);
				this.#peers.push(peer);
				return peer;
			},
			media: { microphone: true, camera: true },
			prepare: true,
		});
		this.#meeting = meeting;
		const seen = Promise.withResolvers<void>();
		const timer = setTimeout(() => seen.reject(new Error("no far-end picture within 30 s")), 30_000);
		const forget = engine.events.on("farPicture", () => seen.resolve());
		meeting.events.on("failed", ({ code }) => seen.reject(new Error(`the meeting failed: ${code}`)));
		meeting.start();
		try {
			await seen.promise;
		} finally {
			clearTimeout(timer);
			forget();
		}
	}

	/** Of the transport in use. */
	async stats(): Promise<PeerStats> {
		for (const peer of this.#peers) {
			const stats = await peer.stats().catch(() => null);
			if (stats?.gate.state === "open") return stats;
		}
		throw new Error("not in a call");
	}

	async leave(): Promise<void> {
		this.#meeting?.leave();
		this.#meeting = null;
		this.#peers = [];
		await this.engine.setSources({ microphone: false, camera: false });
	}

	async stop(): Promise<void> {
		this.#meeting?.leave();
		await this.engine.stop();
	}
}
