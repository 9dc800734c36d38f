/**
 * The peer of `bench fleet`: as many clients as asked for that do nothing but TCP, TLS with a certificate of their own, and CONNECT. Forked by the bench; a
 * process that is told `{count, url, key, chain, ca}` and answers `{ms}` when all have their CONNACK.
 */
import { connect } from "node:tls";
import { generate, parser } from "mqtt-packet";

interface Order {
	url: string;
	/** One a client: the id is the certificate's name. */
	identities: { id: string; key: string; chain: string }[];
	ca: string;
}

function one({ url, ca }: Order, { id, key, chain }: Order["identities"][number]): Promise<() => void> {
	const { hostname, port } = new URL(url);
	return new Promise((resolve) => {
		const again = () => void one({ url, ca, identities: [] }, { id, key, chain }).then(resolve);
		const socket = connect({ host: hostname, port: Number(port), key, cert: chain, ca, minVersion: "TLSv1.3" }, () => {
			socket.write(
				generate(
					{ cmd: "connect", protocolId: "MQTT", protocolVersion: 5, clean: true, clientId: id, keepalive: 60 },
					{ protocolVersion: 5 },
				),
			);
		});
		const packets = parser({ protocolVersion: 5 });
		packets.on("packet", ({ cmd }) => cmd === "connack" && resolve(() => socket.destroy()));
		socket.on("data", (chunk: Buffer) => packets.parse(chunk));
		socket.once("error", again);
	});
}

process.on("message", (order: Order) => {
	const beganMs = Date.now();
	void Promise.all(order.identities.map((identity) => one(order, identity))).then((closers) => {
		process.send?.({ beganMs, endedMs: Date.now() }, () => {
			for (const close of closers) close();
			process.disconnect?.();
		});
	});
});
