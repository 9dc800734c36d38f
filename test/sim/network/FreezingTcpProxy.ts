/**
 * A network that goes away under open TCP connections: forwards to one loopback port; while frozen no byte passes and no connection
 * is refused or closed, as when a cable is pulled. What was under way arrives after the thaw, as TCP's retransmission would bring it.
 */
import { connect, createServer, type Server, type Socket } from "node:net";

export class FreezingTcpProxy {
	readonly #server: Server;
	readonly #sockets = new Set<Socket>();
	#frozen = false;

	private constructor(targetPort: number) {
		// a side that ended may still be read: half-open as TCP has it
		this.#server = createServer({ allowHalfOpen: true }, (near) => {
			const far = connect({ host: "127.0.0.1", port: targetPort, allowHalfOpen: true });
			near.on("close", () => far.destroy());
			far.on("close", () => near.destroy());
			for (const [from, to] of [
				[near, far],
				[far, near],
			] as const) {
				this.#sockets.add(from);
				from.setNoDelay(true);
				from.on("error", () => from.destroy());
				from.on("close", () => this.#sockets.delete(from));
				from.on("data", (chunk) => {
					if (to.write(chunk)) return;
					from.pause();
					to.once("drain", () => {
						if (!this.#frozen) from.resume();
					});
				});
				from.on("end", () => to.end());
				if (this.#frozen) from.pause();
			}
		});
	}

	static async start(targetPort: number): Promise<FreezingTcpProxy> {
		const proxy = new FreezingTcpProxy(targetPort);
		await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
		return proxy;
	}

	get port(): number {
		const address = this.#server.address();
		return typeof address === "object" && address ? address.port : -1;
	}

	set frozen(frozen: boolean) {
		this.#frozen = frozen;
		for (const socket of this.#sockets) frozen ? socket.pause() : socket.resume();
	}

	async stop(): Promise<void> {
		for (const socket of this.#sockets) socket.destroy();
		await new Promise((resolve) => this.#server.close(resolve));
	}
}
