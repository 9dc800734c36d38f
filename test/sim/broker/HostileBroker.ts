import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import { generate, type Packet, parser } from "mqtt-packet";

export interface Message {
	topic: string;
	payload: Buffer;
	retain: boolean;
}

/**
 * A broker in an attacker's hands: MQTT 5 over TLS with a rightful certificate, but it keeps no rule. It delivers what it was given
 * until told otherwise, keeps every message, and sends whatever a test likes to whomever it likes. It proves nobody's name.
 */
export class HostileBroker {
	/** All that was ever published, in order. */
	readonly heard: Message[] = [];
	/** What becomes of a message: by default it is delivered as it is. */
	deliver: (message: Message) => Message[] = (message) => [message];
	/** Called before PUBACK: its reason code, 0 or for example 0x87, "not authorized". The message is the last of `heard` already. */
	acknowledge: (topic: string) => number | Promise<number> = () => 0;
	/** Whether CONNECT is answered; false: the line hangs. */
	answersConnect = true;
	/** CONNECTs that came. */
	connects = 0;
	readonly #server: Server;
	readonly #lines = new Map<TLSSocket, { id: string; topics: Set<string> }>();
	readonly #retained = new Map<string, Message>();
	#messageId = 0;

	private constructor(server: Server) {
		this.#server = server;
		server.on("secureConnection", (socket) => this.#serve(socket));
	}

	static async open(identity: { key: string; certificate: string; ca: string }): Promise<HostileBroker> {
		const server = createServer({
			key: identity.key,
			cert: identity.certificate,
			ca: identity.ca,
			requestCert: true,
			rejectUnauthorized: true,
		});
		server.listen(0, "127.0.0.1");
		await once(server, "listening");
		return new HostileBroker(server);
	}

	get url(): string {
		return `mqtts://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
	}

	/** Connections that are open now. */
	get connections(): number {
		return this.#lines.size;
	}

	/** Sends a message to one client, asked for or not. */
	send(clientId: string, message: Message): void {
		for (const [socket, line] of this.#lines) if (line.id === clientId) this.#publish(socket, message);
	}

	/** Ends all connections without a word; it goes on listening. */
	cut(): void {
		for (const socket of this.#lines.keys()) socket.destroy();
	}

	async close(): Promise<void> {
		for (const socket of this.#lines.keys()) socket.destroy();
		this.#server.close();
		await once(this.#server, "close");
	}

	#serve(socket: TLSSocket): void {
		const line = { id: "", topics: new Set<string>() };
		this.#lines.set(socket, line);
		const packets = parser({ protocolVersion: 5 });
		packets.on("packet", (packet) => void this.#answer(socket, line, packet));
		socket.on("data", (chunk: Buffer) => packets.parse(chunk));
		socket.on("error", () => {});
		socket.on("close", () => this.#lines.delete(socket));
	}

	async #answer(socket: TLSSocket, line: { id: string; topics: Set<string> }, packet: Packet): Promise<void> {
		switch (packet.cmd) {
			case "connect":
				this.connects++;
				line.id = packet.clientId;
				if (this.answersConnect) this.#write(socket, { cmd: "connack", reasonCode: 0, sessionPresent: false });
				break;
			case "subscribe":
				this.#write(socket, {
					cmd: "suback",
					messageId: packet.messageId ?? 0,
					granted: packet.subscriptions.map(() => 1),
				});
				for (const { topic } of packet.subscriptions) {
					line.topics.add(topic);
					for (const message of this.#retained.values()) if (fits(topic, message.topic)) this.#publish(socket, message);
				}
				break;
			case "publish": {
				const message = { topic: packet.topic, payload: Buffer.from(packet.payload), retain: packet.retain };
				this.heard.push(message);
				const answer = this.acknowledge(packet.topic);
				// Without a pause where none is asked for, so that the order stays.
				const reasonCode = typeof answer === "number" ? answer : await answer;
				if (packet.qos === 1) this.#write(socket, { cmd: "puback", messageId: packet.messageId ?? 0, reasonCode });
				if (reasonCode === 0) for (const each of this.deliver(message)) this.#spread(each);
				break;
			}
			case "pingreq":
				this.#write(socket, { cmd: "pingresp" });
				break;
		}
	}

	#spread(message: Message): void {
		if (message.retain) this.#retained.set(message.topic, message);
		for (const [socket, { topics }] of this.#lines) {
			if ([...topics].some((topic) => fits(topic, message.topic))) this.#publish(socket, { ...message, retain: false });
		}
	}

	#publish(socket: TLSSocket, { topic, payload, retain }: Message): void {
		this.#messageId = (this.#messageId % 65_535) + 1;
		this.#write(socket, { cmd: "publish", topic, payload, retain, qos: 1, dup: false, messageId: this.#messageId });
	}

	#write(socket: TLSSocket, packet: Packet): void {
		socket.write(generate(packet, { protocolVersion: 5 }));
	}
}

const fits = (subscription: string, topic: string): boolean =>
	new RegExp(`^${subscription.replaceAll("+", "[^/]+")}$`).test(topic);
