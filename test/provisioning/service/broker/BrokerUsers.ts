import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import { type Broker, type BrokerOptions, startBroker } from "../../../../provisioning/service/broker/mosquitto.ts";
import { type Credentials, type FleetCa, openCa } from "../../../../provisioning/service/ca/FleetCa.ts";

export interface UserOptions extends IClientOptions {
	/** Is given the client before it connects: a session's messages come with the connection. */
	attach?: (client: MqttClient) => void;
}

/** A private mosquitto with an authority of its own, and clients of it that end with the test. */
export class BrokerUsers {
	readonly folder: string;
	readonly ca: FleetCa;
	readonly #clients: MqttClient[] = [];
	#broker: Broker;

	private constructor(folder: string, ca: FleetCa, broker: Broker) {
		this.folder = folder;
		this.ca = ca;
		this.#broker = broker;
	}

	static async start(options: Omit<BrokerOptions, "ca"> = {}): Promise<BrokerUsers> {
		const folder = await mkdtemp(join(tmpdir(), "incamera-broker-test-"));
		const ca = await openCa(join(folder, "ca"));
		return new BrokerUsers(folder, ca, await startBroker({ ca, ...options }));
	}

	get broker(): Broker {
		return this.#broker;
	}

	/** Ends the broker in order and starts another. */
	async restart(options: Omit<BrokerOptions, "ca">): Promise<void> {
		await this.leave();
		await this.#broker.close();
		this.#broker = await startBroker({ ca: this.ca, ...options });
	}

	/** Somebody with a certificate. */
	async connect(identity: Pick<Credentials, "key" | "certificate">, options: UserOptions = {}): Promise<MqttClient> {
		return this.#connect(this.broker.url, { key: identity.key, cert: identity.certificate, ...options });
	}

	async device(id: string, options: UserOptions = {}): Promise<MqttClient> {
		return this.connect(await this.ca.issueDevice(id), options);
	}

	/** A worker of the service. */
	async worker(number: number, options: UserOptions = {}): Promise<MqttClient> {
		const { key, certificate } = await this.ca.issueWorker(number);
		const clientId = `fleet-service-${number}`;
		return this.#connect(this.broker.serviceUrl, { key, cert: certificate, clientId, ...options });
	}

	/** Somebody on the bootstrap listener. */
	async stranger(clientId: string, options: UserOptions = {}): Promise<MqttClient> {
		return this.#connect(this.broker.bootstrapUrl ?? "", { clientId, ...options });
	}

	async #connect(url: string, options: UserOptions): Promise<MqttClient> {
		const common = { ca: this.ca.certificate, protocolVersion: 5, reconnectPeriod: 0, connectTimeout: 10_000 } as const;
		const { attach, ...rest } = options;
		const client = mqtt.connect(url, { ...common, ...rest });
		this.#clients.push(client);
		attach?.(client);
		await new Promise<void>((resolve, reject) => {
			client.once("connect", () => resolve());
			client.once("error", reject);
			client.once("close", () => reject(new Error("closed")));
		});
		client.on("error", () => {});
		return client;
	}

	/** All clients disconnect. */
	async leave(): Promise<void> {
		await Promise.all(this.#clients.splice(0).map((client) => client.endAsync(true)));
	}

	async close(): Promise<void> {
		await this.leave();
		await this.broker.close();
		await rm(this.folder, { recursive: true, force: true });
	}
}
