import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type * as z from "zod/mini";
import { systemClock } from "../../../device/core/clock.ts";
import { silentLog } from "../../../device/core/log.ts";
import { codeKey, macHolds, macOf } from "../../../provisioning/agent/claim/codeKey.ts";
import {
	type Command,
	type CommandResponse,
	commandRequest,
	commandResponse,
} from "../../../provisioning/contract/commands.ts";
import {
	type CertificateResponse,
	certificateRequest,
	certificateResponse,
	csrMacInput,
	type EnrolDown,
	type EnrolUp,
	enrolConfirm,
	enrolDown,
	enrolUp,
	issuedMacInput,
	readCode,
} from "../../../provisioning/contract/enrolment.ts";
import { decodePayload, encodePayload } from "../../../provisioning/contract/envelope.ts";
import { type DeviceEvent, deviceEvent } from "../../../provisioning/contract/events.ts";
import { type JobNext, type JobStatus, jobNext, jobStatus } from "../../../provisioning/contract/jobs.ts";
import { type Presence, presence } from "../../../provisioning/contract/ring.ts";
import { parseTopic, topics } from "../../../provisioning/contract/topics.ts";
import { type TwinReported, twinDesired, twinReported } from "../../../provisioning/contract/twin.ts";
import { BrokerLine } from "../../../provisioning/line/BrokerLine.ts";
import { type Broker, startBroker } from "../../../provisioning/service/broker/mosquitto.ts";
import { type FleetCa, openCa } from "../../../provisioning/service/ca/FleetCa.ts";
import { newCode } from "../../../provisioning/service/enrolment/codes.ts";
import { amber } from "./samples.ts";

/** What the fleet does at each step of a device's life; a test puts its own in place of one, or kills something there. */
export type Step = "hello" | "csr" | "issued" | "confirm" | "twin" | "certificate";

/** A device as this fleet knows it. */
export interface Known {
	id: string;
	state: "pending" | "active";
	/** Serial numbers that were confirmed, in order. */
	confirmed: string[];
}

const random16 = () => randomBytes(16).toString("base64url");

/**
 * The service's side of the contract on real brokers, without a database: does what a fleet does unless a test says otherwise, and keeps
 * all that devices say.
 */
export class ScriptedFleet {
	readonly ca: FleetCa;
	readonly broker: Broker;
	readonly codes = new Map<string, string>();
	readonly devices = new Map<string, Known>();
	/** By `mid`: how often it came. */
	readonly events = new Map<string, { id: string; type: string; event: DeviceEvent; times: number }>();
	readonly statuses: (JobStatus & { job: string })[] = [];
	/** Each once, however often it was told. */
	readonly responses: CommandResponse[] = [];
	readonly reports: (TwinReported & { id: string })[] = [];
	readonly presences: (Presence & { id: string })[] = [];
	readonly certificateRequests: string[] = [];
	readonly said: EnrolUp[] = [];
	/** Called before a step's answer; false: the step is not done. */
	before: (step: Step) => boolean | Promise<boolean> = () => true;
	/** Changes an answer of the handshake. */
	alter: (answer: EnrolDown, of: { csr: Uint8Array; key: Buffer }) => EnrolDown | Promise<EnrolDown> = (answer) =>
		answer;
	/** What is said in place of an answer of the handshake or to a request for a certificate: the same twice, others before it. */
	saying: <T extends EnrolDown | CertificateResponse>(answer: T) => (EnrolDown | CertificateResponse)[] = (answer) => [
		answer,
	];
	/** How long a certificate lives. */
	days = 60;
	readonly #folder: string;
	readonly #attempts = new Map<
		string,
		{ key: Promise<Buffer>; devNonce: string; srvNonce: string; answer?: EnrolDown }
	>();
	readonly #retained = new Map<string, Uint8Array>();
	#line: BrokerLine;
	#up: Promise<void>;

	private constructor(folder: string, ca: FleetCa, broker: Broker, worker: { key: string; chain: string }) {
		this.#folder = folder;
		this.ca = ca;
		this.broker = broker;
		this.#line = new BrokerLine({
			target: () => ({
				url: broker.serviceUrl,
				clientId: "fleet-service-1",
				tls: { key: worker.key, certificate: worker.chain, ca: ca.certificate },
			}),
			clock: systemClock,
			log: silentLog,
			random: () => 0.1,
		});
		this.#line.events.on("message", ({ topic, payload }) => void this.#take(topic, payload));
		this.#up = new Promise((resolve) =>
			this.#line.events.on("opened", () => void this.#begin().then(resolve, () => {})),
		);
		this.#line.open();
	}

	static async start(): Promise<ScriptedFleet> {
		const folder = await mkdtemp(join(tmpdir(), "incamera-scripted-fleet-"));
		const ca = await openCa(join(folder, "ca"), { development: true });
		const broker = await startBroker({ ca, bootstrap: {} });
		const fleet = new ScriptedFleet(folder, ca, broker, await ca.issueWorker(1));
		await fleet.#up;
		return fleet;
	}

	/** A code as it is typed. */
	code(): string {
		const { lookup, secret } = newCode();
		this.codes.set(lookup, secret);
		return `${lookup}${secret}`;
	}

	device(id: string): Known | undefined {
		return this.devices.get(id);
	}

	/** The last report of a device. */
	reportOf(id: string): TwinReported | undefined {
		return this.reports.findLast((report) => report.id === id);
	}

	/** The last presence of a device. */
	presenceOf(id: string): Presence | undefined {
		return this.presences.findLast((presence) => presence.id === id);
	}

	/** What a device should be, retained. */
	want(id: string, rev: number, doc: unknown = amber): Promise<void> {
		return this.retain(topics.twinDesired(id), encodePayload(twinDesired, { ...this.envelope(), rev, doc }));
	}

	/** Sends a command; returns its `mid`. */
	async command(id: string, command: Command, over: { exp?: number; mid?: string } = {}): Promise<string> {
		const envelope = this.envelope();
		const mid = over.mid ?? envelope.mid;
		const request = { ...envelope, mid, exp: over.exp ?? Date.now() + 30_000, ...command };
		await this.publish(topics.commandRequest(id), encodePayload(commandRequest, request));
		return mid;
	}

	async job(id: string, job: Omit<JobNext, "v" | "mid" | "ts"> | null): Promise<void> {
		const payload = job ? encodePayload(jobNext, { ...this.envelope(), ...job }) : new Uint8Array();
		await this.retain(topics.jobNext(id), payload);
	}

	revocations(pem = `${this.ca.certificate}\n${this.ca.crl}`): Promise<void> {
		return this.retain(topics.revocations(), Buffer.from(pem));
	}

	/** Kept by the broker, and said again when it was started anew: it forgets. */
	async retain(topic: string, payload: Uint8Array): Promise<void> {
		this.#retained.set(topic, payload);
		await this.publish(topic, payload, true);
	}

	async publish(topic: string, payload: Uint8Array | string, retain = false): Promise<void> {
		await this.#line.publish(topic, typeof payload === "string" ? Buffer.from(payload) : payload, { retain });
	}

	/** The service is away, and comes back. */
	async away(): Promise<() => Promise<void>> {
		await this.#line.unsubscribe(filters);
		return () => this.#line.subscribe(filters);
	}

	/** As a power cut does; it is started again by itself. */
	killBroker(which: "devices" | "bootstrap" = "devices"): void {
		const pid = which === "devices" ? this.broker.pid : this.broker.bootstrapPid;
		if (pid) process.kill(pid, "SIGKILL");
	}

	envelope() {
		return { v: 1 as const, mid: random16(), ts: Date.now() };
	}

	async close(): Promise<void> {
		await this.#line.close();
		await this.broker.close();
		await rm(this.#folder, { recursive: true, force: true });
	}

	async #begin(): Promise<void> {
		await this.#line.subscribe(filters);
		for (const [topic, payload] of this.#retained) await this.publish(topic, payload, true);
	}

	async #take(topic: string, payload: Uint8Array): Promise<void> {
		const parsed = parseTopic(topic);
		if (payload.byteLength === 0) return;
		const read = <S extends z.ZodMiniType>(form: S): z.infer<S> => {
			const decoded = decodePayload(form, payload);
			if (!decoded.ok) throw new Error(`a device said ${decoded.reason} on ${topic}`);
			return decoded.value;
		};
		switch (parsed?.kind) {
			case "enrolUp":
				return this.#enrol(parsed.nonce, read(enrolUp));
			case "enrolConfirm":
				return this.#confirm(parsed.id, read(enrolConfirm).serial);
			case "presence":
				this.presences.push({ id: parsed.id, ...read(presence) });
				return;
			case "twinReported":
				this.reports.push({ id: parsed.id, ...read(twinReported) });
				return;
			case "commandResponse": {
				const response = read(commandResponse);
				if (!this.responses.some(({ mid }) => mid === response.mid)) this.responses.push(response);
				return;
			}
			case "jobStatus":
				this.statuses.push({ job: parsed.job, ...read(jobStatus) });
				return;
			case "event": {
				const event = read(deviceEvent(parsed.type)) as DeviceEvent;
				const known = this.events.get(event.mid);
				this.events.set(event.mid, { id: parsed.id, type: parsed.type, event, times: (known?.times ?? 0) + 1 });
				return;
			}
			case "certificateRequest": {
				const request = read(certificateRequest);
				this.certificateRequests.push(request.mid);
				if (!(await this.before("certificate"))) return;
				const csr = Buffer.from(request.csr, "base64");
				const issued = await this.ca.issueFromCsr(csr, parsed.id, { days: this.days });
				const answer = { ...this.envelope(), re: request.mid, chain: issued.chain, caBundle: this.ca.certificate };
				for (const said of this.saying(answer)) {
					const payload = encodePayload(certificateResponse, said as CertificateResponse);
					await this.publish(topics.certificateResponse(parsed.id), payload);
				}
			}
		}
	}

	async #enrol(nonce: string, message: EnrolUp): Promise<void> {
		this.said.push(message);
		const attempt = this.#attempts.get(nonce);
		if (message.op === "hello") {
			if (!(await this.before("hello"))) return;
			const secret = this.codes.get(message.lookup) ?? readCode(newCode().lookup + "0".repeat(12))?.secret ?? "";
			const key = attempt?.key ?? codeKey({ lookup: message.lookup, secret }, message.facts.serial);
			const srvNonce = attempt?.srvNonce ?? random16();
			this.#attempts.set(nonce, { key, devNonce: message.devNonce, srvNonce });
			return this.#answer(nonce, { ...this.envelope(), op: "challenge", srvNonce });
		}
		if (!attempt || !(await this.before("csr"))) return;
		if (attempt.answer) return this.#answer(nonce, attempt.answer);
		const key = await attempt.key;
		const csr = Buffer.from(message.csr, "base64");
		const { devNonce, srvNonce } = attempt;
		const holds = (await this.broker.bootstrapCertificates()).some((certificate) => {
			const serverCertificate = createHash("sha256").update(certificate).digest();
			return macHolds(message.mac, key, csrMacInput({ csr, devNonce, srvNonce, serverCertificate }));
		});
		if (!holds) return this.#answer(nonce, { ...this.envelope(), op: "refused", code: "enrol.code_wrong" });
		await this.#answer(nonce, { ...this.envelope(), op: "pending", retryAfterMs: 1000 });
		if (!(await this.before("issued"))) return;
		const deviceId = `dev-${randomBytes(6).toString("hex")}`;
		const { chain } = await this.ca.issueFromCsr(csr, deviceId, { days: this.days });
		const given = {
			...{ deviceId, chain, caBundle: this.ca.certificate },
			...{ brokers: [this.broker.url], rendezvous: "http://127.0.0.1:9" },
		};
		this.devices.set(deviceId, { id: deviceId, state: "pending", confirmed: [] });
		const mac = macOf(key, issuedMacInput({ csr, ...given }));
		attempt.answer = await this.alter({ ...this.envelope(), op: "issued", ...given, mac }, { csr, key });
		await this.#answer(nonce, attempt.answer);
	}

	async #answer(nonce: string, message: EnrolDown): Promise<void> {
		for (const said of this.saying(message)) {
			await this.publish(topics.enrolDown(nonce), encodePayload(enrolDown, said as EnrolDown)).catch(() => {});
		}
	}

	async #confirm(id: string, serial: string): Promise<void> {
		const device = this.devices.get(id);
		if (!device || !(await this.before("confirm"))) return;
		device.state = "active";
		if (device.confirmed.at(-1) !== serial) device.confirmed.push(serial);
		if (this.#retained.has(topics.twinDesired(id)) || !(await this.before("twin"))) return;
		await this.want(id, 1).catch(() => {});
	}
}

const filters = [
	topics.presence("+"),
	topics.twinReported("+"),
	topics.jobStatus("+", "+"),
	topics.commandResponse("+"),
	topics.event("+", "+"),
	topics.certificateRequest("+"),
	topics.enrolConfirm("+"),
	topics.enrolUp("+"),
];
