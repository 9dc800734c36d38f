import { networkInterfaces } from "node:os";
import type { BuildingOptions } from "../../tools/building/Building.ts";
import { FreezingTcpProxy } from "../sim/network/FreezingTcpProxy.ts";
import { type Impairment, LossyUdpRelay, perfect } from "../sim/network/LossyUdpRelay.ts";

/**
 * The network between a guest and whom the guest calls, with a tap to turn. The guest may use relays only (see `ProbeOptions`); the
 * relay is reached through a lossy hop, so that every packet of the call crosses it once, in both directions. The rendezvous, for
 * everybody, is behind a proxy that can freeze.
 */
export class BadNetwork {
	#relay: LossyUdpRelay | null = null;
	#proxy: FreezingTcpProxy | null = null;

	/** The address on which this machine's media travel: ICE offers no loopback address. Nothing leaves the machine. */
	readonly host = ownAddress();

	/** For the building that is to stand in this network. */
	readonly building: Partial<BuildingOptions> = {
		turn: { host: this.host },
		front: {
			turn: (turn) => this.relayBefore(turn),
			rendezvous: async (port) => {
				this.#proxy = await FreezingTcpProxy.start(port);
				return `http://127.0.0.1:${this.#proxy.port}`;
			},
		},
	};

	/** Puts the lossy hop before a TURN server; returns the addresses by which members reach it. */
	async relayBefore({ port }: { port: number }): Promise<string[]> {
		this.#relay = await LossyUdpRelay.start({ host: this.host, port });
		return [`turn:127.0.0.1:${this.#relay.port}?transport=udp`];
	}

	/** Impairs the media's path; what is not named is perfect. */
	impair(impairment: Partial<Impairment>): void {
		this.#relay?.set({ ...perfect, ...impairment });
	}

	/** Nothing passes any more, neither media nor signalling; `up` heals it all and returns the moment (epoch ms). */
	down(): void {
		this.#relay?.set({ down: true });
		if (this.#proxy) this.#proxy.frozen = true;
	}

	up(): number {
		this.#relay?.set(perfect);
		if (this.#proxy) this.#proxy.frozen = false;
		return Date.now();
	}

	/** Datagrams that crossed and that were lost since the start. */
	get counters(): { passed: number; lost: number } {
		const ways = this.#relay ? [this.#relay.up.counters, this.#relay.downstream.counters] : [];
		return {
			passed: ways.reduce((sum, way) => sum + way.passed, 0),
			lost: ways.reduce((sum, way) => sum + way.lost + way.queuedOut, 0),
		};
	}

	async stop(): Promise<void> {
		await this.#relay?.stop();
		await this.#proxy?.stop();
	}
}

function ownAddress(): string {
	const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
	return addresses.find(({ family, internal }) => family === "IPv4" && !internal)?.address ?? "127.0.0.1";
}
