/**
 * The peer of `bench fleet`: as many clients as asked for that do nothing but TCP, TLS with a certificate of their own, and CONNECT. Forked by
 * `bareSeconds`; a process that is told an order and answers when it began and when all had their CONNACK.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { connect, createSecureContext } from "node:tls";
import { fileURLToPath } from "node:url";
import { generate, parser } from "mqtt-packet";
import type { SimulatedIdentity } from "../../sim/fleet/simulatorProtocol.ts";

const PROCESSES = 2;
/** Of a process; together fewer than a mosquitto has room for (100 wait to be let in), so that none of them waits for the kernel's next try. */
const AT_ONCE = 40;

/** Seconds until all are connected, from as many processes as the simulator has. */
export async function bareSeconds(identities: readonly SimulatedIdentity[]): Promise<number> {
	const times = await Promise.all(
		Array.from({ length: PROCESSES }, async (_, process) => {
			const child = fork(fileURLToPath(import.meta.url), [], { serialization: "advanced" });
			child.send(identities.filter((_, index) => index % PROCESSES === process));
			const [times] = (await once(child, "message")) as [{ beganMs: number; endedMs: number }];
			await once(child, "exit");
			return times;
		}),
	);
	return (Math.max(...times.map(({ endedMs }) => endedMs)) - Math.min(...times.map(({ beganMs }) => beganMs))) / 1000;
}

/** All but the connection: devices that come back have read their keys long before. */
const ready = ({ id, key, chain, ca, broker }: SimulatedIdentity) => ({
	id,
	port: Number(new URL(broker).port),
	secureContext: createSecureContext({ key, cert: chain, ca, minVersion: "TLSv1.3" }),
});
type Ready = ReturnType<typeof ready>;

/** Resolves with what closes it; again for ever until then. */
async function connected(client: Ready): Promise<() => void> {
	for (;;) {
		const close = await attempt(client);
		if (close) return close;
	}
}

/** Null: it came to nothing. */
function attempt({ id, port, secureContext }: Ready): Promise<(() => void) | null> {
	return new Promise((resolve) => {
		const socket = connect({ host: "127.0.0.1", port, secureContext }, () => {
			const packet = {
				cmd: "connect",
				protocolId: "MQTT",
				protocolVersion: 5,
				clean: true,
				clientId: id,
				keepalive: 60,
			};
			socket.write(generate(packet as Parameters<typeof generate>[0], { protocolVersion: 5 }));
		});
		const packets = parser({ protocolVersion: 5 });
		packets.on("packet", ({ cmd }) => cmd === "connack" && resolve(() => socket.destroy()));
		socket.on("data", (chunk: Buffer) => packets.parse(chunk));
		socket.on("error", () => {});
		socket.once("close", () => resolve(null));
	});
}

if (import.meta.main) {
	process.once("message", (identities: SimulatedIdentity[]) => {
		const clients = identities.map(ready);
		const closers: (() => void)[] = [];
		const beganMs = Date.now();
		const inTurn = async () => {
			for (let client = clients.pop(); client; client = clients.pop()) closers.push(await connected(client));
		};
		void Promise.all(Array.from({ length: AT_ONCE }, inTurn)).then(() => {
			process.send?.({ beganMs, endedMs: Date.now() }, () => {
				for (const close of closers) close();
				process.disconnect?.();
			});
		});
	});
}
