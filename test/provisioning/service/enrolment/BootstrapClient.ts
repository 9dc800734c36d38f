import { createHash, createHmac, randomBytes, scryptSync } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import mqtt, { type MqttClient } from "mqtt";
import { expect } from "vitest";
import {
	codeKeyCost,
	codeSalt,
	csrMacInput,
	type EnrolDown,
	enrolDown,
	enrolUp,
	readCode,
} from "../../../../provisioning/contract/enrolment.ts";
import { decodePayload, encodePayload } from "../../../../provisioning/contract/envelope.ts";
import { topics } from "../../../../provisioning/contract/topics.ts";
import { startBroker } from "../../../../provisioning/service/broker/mosquitto.ts";
import { openCa } from "../../../../provisioning/service/ca/FleetCa.ts";
import { newDeviceKey, requestFor } from "../../../sim/fleet/deviceKey.ts";
import { random16 } from "../../../sim/fleet/enrolDevice.ts";
import { facts } from "../fleet/TestFleet.ts";

/** Somebody at the bootstrap listener who says what he likes. */
export class BootstrapClient {
	readonly nonce: string;
	/** All answers, in order. */
	readonly heard: EnrolDown[] = [];
	readonly #client: MqttClient;

	private constructor(nonce: string, client: MqttClient) {
		this.nonce = nonce;
		this.#client = client;
		client.on("message", (_, payload) => {
			const decoded = decodePayload(enrolDown, payload);
			if (decoded.ok) this.heard.push(decoded.value);
		});
	}

	static async connect(url: string): Promise<BootstrapClient> {
		const nonce = randomBytes(16).toString("hex");
		const client = await mqtt.connectAsync(url, {
			...{ clientId: nonce, rejectUnauthorized: false, protocolVersion: 5, reconnectPeriod: 0 },
		});
		const somebody = new BootstrapClient(nonce, client);
		await client.subscribeAsync(topics.enrolDown(nonce), { qos: 1 });
		return somebody;
	}

	/** Another fleet's broker, and somebody who answers in the fleet's words without knowing any code. */
	static async playFleet(): Promise<{ url: string; close(): Promise<void> }> {
		const folder = await mkdtemp(join(tmpdir(), "incamera-strange-test-"));
		const ca = await openCa(join(folder, "ca"));
		const broker = await startBroker({ ca, bootstrap: {} });
		const { key, chain } = await ca.issueWorker(1);
		const client = await mqtt.connectAsync(broker.serviceUrl, {
			...{ clientId: "fleet-service-1", key, cert: chain, ca: ca.certificate, protocolVersion: 5, reconnectPeriod: 0 },
		});
		client.on("message", (topic, payload) => {
			const decoded = decodePayload(enrolUp, payload);
			if (!decoded.ok) return;
			const envelope = { v: 1 as const, mid: random16(), ts: Date.now() };
			const mac = randomBytes(32).toString("base64url");
			const of = { deviceId: "dev-strange-fleet", chain, caBundle: ca.certificate, brokers: [broker.url] };
			const answer: EnrolDown =
				decoded.value.op === "hello"
					? { ...envelope, op: "challenge", srvNonce: random16() }
					: { ...envelope, op: "issued", ...of, rendezvous: "http://127.0.0.1:1", mac };
			client.publish(topic.replace(/up$/, "down"), Buffer.from(encodePayload(enrolDown, answer)), { qos: 1 });
		});
		await client.subscribeAsync(topics.enrolUp("+"), { qos: 1 });
		return {
			url: broker.bootstrapUrl as string,
			async close() {
				await client.endAsync(true);
				await broker.close();
				await rm(folder, { recursive: true, force: true });
			},
		};
	}

	async publish(topic: string, payload: Buffer): Promise<void> {
		await this.#client.publishAsync(topic, payload, { qos: 1 });
	}

	/** The whole handshake, each message so many times. Resolves to the device's id. */
	async enrol(typed: string, { times }: { times: number }): Promise<string> {
		const code = readCode(typed)!;
		const send = async (message: object) => {
			const payload = Buffer.from(JSON.stringify({ v: 1, mid: random16(), ts: Date.now(), ...message }));
			for (let index = 0; index < times; index++) await this.publish(topics.enrolUp(this.nonce), payload);
		};
		const devNonce = random16();
		await send({ op: "hello", facts, lookup: code.lookup, devNonce });
		await expect.poll(() => this.heard.at(0)?.op).toBe("challenge");
		const { srvNonce } = this.heard[0] as EnrolDown & { op: "challenge" };
		const csr = await requestFor(await newDeviceKey());
		const { raw } = (this.#client.stream as unknown as TLSSocket).getPeerX509Certificate()!;
		const serverCertificate = createHash("sha256").update(raw).digest();
		const { length, ...cost } = codeKeyCost;
		const key = scryptSync(code.secret, codeSalt(code.lookup, facts.serial), length, { ...cost, maxmem: 2 ** 26 });
		const mac = createHmac("sha256", key)
			.update(csrMacInput({ csr, devNonce, srvNonce, serverCertificate }))
			.digest("base64url");
		await send({ op: "csr", csr: Buffer.from(csr).toString("base64"), mac });
		await expect.poll(() => this.heard.find(({ op }) => op === "issued")).toBeDefined();
		return (this.heard.find(({ op }) => op === "issued") as EnrolDown & { op: "issued" }).deviceId;
	}

	async close(): Promise<void> {
		await this.#client.endAsync(true);
	}
}
