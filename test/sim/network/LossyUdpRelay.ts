/**
 * A bad network in userspace (this kernel may have no netem): a UDP relay in front of one server that loses, delays and
 * throttles. Put it before a TURN server and force one end of a call to relay: all of the call's media goes through it.
 */
import { createSocket, type Socket } from "node:dgram";

export interface Impairment {
	/** Share of datagrams lost in each direction, 0–1. */
	loss: number;
	/** Bottleneck of each direction in bits a second; Infinity: none. */
	bitsPerSecond: number;
	/** Longest queue before the bottleneck, in milliseconds of its rate; what comes beyond is dropped (tail drop). */
	queueMs: number;
	/** One-way delay added, in milliseconds. */
	delayMs: number;
	/** Everything is dropped. */
	down: boolean;
}

export const perfect: Impairment = {
	loss: 0,
	bitsPerSecond: Number.POSITIVE_INFINITY,
	queueMs: 200,
	delayMs: 0,
	down: false,
};

/** Small seeded generator (mulberry32), so that two runs lose the same share at the same places. */
function seeded(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let t = state;
		t = Math.imul(t ^ (t >>> 15), t | 1);
		t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
	};
}

class Direction {
	#freeAt = 0;
	#random: () => number;
	readonly counters = { passed: 0, lost: 0, queuedOut: 0 };

	constructor(seed: number) {
		this.#random = seeded(seed);
	}

	/** When a datagram of `bytes` may leave, in milliseconds from now; null: it is lost. */
	admit(bytes: number, impairment: Impairment): number | null {
		if (impairment.down || this.#random() < impairment.loss) {
			this.counters.lost += 1;
			return null;
		}
		const now = performance.now();
		let wait = 0;
		if (Number.isFinite(impairment.bitsPerSecond)) {
			const start = Math.max(now, this.#freeAt);
			if (start - now > impairment.queueMs) {
				this.counters.queuedOut += 1;
				return null;
			}
			this.#freeAt = start + (bytes * 8000) / impairment.bitsPerSecond;
			wait = this.#freeAt - now;
		}
		this.counters.passed += 1;
		return wait + impairment.delayMs;
	}
}

export class LossyUdpRelay {
	#front: Socket;
	#flows = new Map<string, Socket>();
	#target: { host: string; port: number };
	#impairment: Impairment = perfect;
	/** What was still on its way then is lost. */
	#stopped = false;
	readonly up: Direction;
	readonly downstream: Direction;

	private constructor(front: Socket, target: { host: string; port: number }, seed: number) {
		this.#front = front;
		this.#target = target;
		this.up = new Direction(seed);
		this.downstream = new Direction(seed + 1);
		front.on("message", (datagram, from) => this.#upstream(datagram, from.address, from.port));
	}

	/**
	 * Listens on a free port and relays each client's datagrams to `target` and the answers back.
	 * @param address Of this machine, to listen at and to send from; ICE agents don't check a loopback address from another.
	 */
	static async start(target: { host: string; port: number }, seed = 1, address = "127.0.0.1"): Promise<LossyUdpRelay> {
		const front = createSocket({ type: "udp4", recvBufferSize: 4 << 20, sendBufferSize: 4 << 20 });
		await new Promise<void>((resolve) => front.bind(0, address, resolve));
		return new LossyUdpRelay(front, target, seed);
	}

	get port(): number {
		return this.#front.address().port;
	}

	set(impairment: Partial<Impairment>): void {
		this.#impairment = { ...perfect, ...impairment };
	}

	#send(direction: Direction, bytes: number, send: () => void): void {
		const wait = direction.admit(bytes, this.#impairment);
		if (wait === null) return;
		if (wait < 1) send();
		else setTimeout(() => this.#stopped || send(), wait).unref();
	}

	#upstream(datagram: Buffer, address: string, port: number): void {
		const key = `${address}:${port}`;
		let flow = this.#flows.get(key);
		if (!flow) {
			flow = createSocket("udp4");
			flow.on("message", (answer) =>
				this.#send(this.downstream, answer.length, () => this.#front.send(answer, port, address)),
			);
			flow.on("error", () => {});
			flow.bind(0, this.#front.address().address);
			this.#flows.set(key, flow);
		}
		const out = flow;
		this.#send(this.up, datagram.length, () => out.send(datagram, this.#target.port, this.#target.host));
	}

	async stop(): Promise<void> {
		this.#stopped = true;
		for (const flow of this.#flows.values()) flow.close();
		this.#flows.clear();
		await new Promise<void>((resolve) => this.#front.close(() => resolve()));
	}
}
