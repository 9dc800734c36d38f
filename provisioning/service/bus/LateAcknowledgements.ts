import type { IPublishPacket, MqttClient } from "mqtt";

export interface Delivery {
	topic: string;
	payload: Buffer;
	/** Kept by the broker from before our subscription. */
	retained: boolean;
	/** Acknowledges it: the broker may forget it. */
	done(): void;
}

/**
 * QoS 1 messages of an mqtt.js client that are acknowledged when their receiver says so.
 *
 * mqtt.js hands messages over one at a time: whoever defers `customHandleAcks` or `handleMessage` stops the whole stream, with the
 * broker's acknowledgements and PINGRESP in it. So each message is handed on as QoS 0 before the client looks at it, and PUBACK is
 * written here: in the order in which the messages came (MQTT 5.0, 4.6), as soon as all before are done. How many may be open at once is
 * what the client said in CONNECT (`receiveMaximum`); a broker sends no more, which is all the back-pressure there is.
 */
export class LateAcknowledgements {
	readonly #client: MqttClient;
	readonly #open: { id: number; done: boolean }[] = [];
	#flushing = false;
	#over = false;

	constructor(client: MqttClient, receive: (delivery: Delivery) => void) {
		this.#client = client;
		client.on("packetreceive", (packet) => {
			if (packet.cmd !== "publish" || this.#over) return;
			const { topic, payload, retain } = packet;
			receive({
				topic,
				payload: typeof payload === "string" ? Buffer.from(payload) : payload,
				retained: retain,
				done: this.#hold(packet),
			});
		});
		client.on("close", () => {
			// What is open will be delivered again.
			this.#over = true;
			this.#open.length = 0;
		});
	}

	/** How many are not acknowledged. */
	get open(): number {
		return this.#open.length;
	}

	#hold(packet: IPublishPacket): () => void {
		if (packet.qos !== 1 || packet.messageId === undefined) return () => {};
		packet.qos = 0;
		const entry = { id: packet.messageId, done: false };
		this.#open.push(entry);
		return () => {
			entry.done = true;
			// A batch is done all at once: one write for it.
			if (!this.#flushing) queueMicrotask(() => this.#flush());
			this.#flushing = true;
		};
	}

	#flush(): void {
		this.#flushing = false;
		const ready = this.#open.findIndex(({ done }) => !done);
		const settled = this.#open.splice(0, ready < 0 ? this.#open.length : ready);
		if (settled.length === 0 || this.#over) return;
		// PUBACK with reason code 0: type, length, packet identifier; the same in MQTT 3.1.1 and 5.
		this.#client.stream.write(Buffer.concat(settled.map(({ id }) => Buffer.from([0x40, 0x02, id >> 8, id & 0xff]))));
	}
}
