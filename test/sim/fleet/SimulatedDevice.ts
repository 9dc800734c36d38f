import type * as z from "zod/mini";
import type { Clock } from "../../../device/core/clock.ts";
import { Emitter } from "../../../device/core/Emitter.ts";
import { silentLog } from "../../../device/core/log.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import {
	type CommandRequest,
	type CommandResponse,
	commandRequest,
	commandResponse,
} from "../../../provisioning/contract/commands.ts";
import { certificateRequest, certificateResponse, enrolConfirm } from "../../../provisioning/contract/enrolment.ts";
import { decodePayload, encodePayload } from "../../../provisioning/contract/envelope.ts";
import { deviceEvent, type EventData } from "../../../provisioning/contract/events.ts";
import { type JobNext, type JobStatus, jobNext, jobStatus } from "../../../provisioning/contract/jobs.ts";
import { presence } from "../../../provisioning/contract/ring.ts";
import { type EventType, parseTopic, topics } from "../../../provisioning/contract/topics.ts";
import {
	type DeviceFacts,
	type RoomStatus,
	type TwinDoc,
	type TwinReported,
	twinDesired,
	twinDoc,
	twinReported,
} from "../../../provisioning/contract/twin.ts";
import { BrokerLine, type Delivery } from "../../../provisioning/line/BrokerLine.ts";
import { newDeviceKey, requestFor, serialOf } from "./deviceKey.ts";
import { type DeviceIdentity, random16 } from "./enrolDevice.ts";

export interface SimulatedDeviceOptions {
	identity: DeviceIdentity;
	facts: DeviceFacts;
	clock: Clock;
	/** What it answers to a command; null: nothing. Absent: 200. */
	answer?: (request: CommandRequest) => Pick<CommandResponse, "status" | "code" | "checks"> | null;
	/** Of each wait for the next attempt to connect, 0 to 1. */
	random?: () => number;
}

export interface SimulatedDeviceEvents {
	/** Connected, subscribed, and has said so. */
	online: undefined;
	/** The connection ended. */
	offline: undefined;
	/** A document was put in force and reported. */
	applied: { rev: number };
	command: CommandRequest;
	/** Null: nothing to do. */
	job: JobNext | null;
	/** CA certificate and revocation list, PEM. */
	revocations: string;
}

const CONFIRM_AGAIN_MS = 3000;
const ASK_AGAIN_MS = 5000;
/** As an agent does: a fleet comes back together, and a broker may have forgotten what each reported. */
const REPORT_SPREAD_MS = 5000;
const calm: RoomStatus = { activity: "free", trouble: null, busyUntil: null, nextBusyAt: null, missing: [] };

/**
 * A device of the fleet that speaks the agent's side of the contract over real MQTT and mTLS: presence with last will, confirmation after each
 * connection, twin, commands, events, jobs, renewal of its certificate. It has no room behind it, and does at once what it is told.
 *
 *     const identity = await enrolDevice({ url, code, facts, clock });
 *     const device = new SimulatedDevice({ identity, facts, clock });
 *     device.start();
 *     await device.claimed;          // the fleet has taken it: its first twin came
 *     await device.close();
 */
export class SimulatedDevice {
	readonly events = new Emitter<SimulatedDeviceEvents>();
	/** Resolves when the first twin is in force. */
	readonly claimed: Promise<void>;
	/** The document in force. */
	doc: TwinDoc | null = null;
	appliedRev = 0;
	status: RoomStatus = calm;
	facts: DeviceFacts;
	/** How often it has connected. */
	connections = 0;
	readonly #options: SimulatedDeviceOptions;
	readonly #line: BrokerLine;
	#identity: DeviceIdentity;
	#serial: string;
	#seq = 0;
	#epoch = 0;
	#renewal: ((answer: z.infer<typeof certificateResponse>) => void) | null = null;
	#claim: () => void = () => {};
	#cancelConfirm: () => void = () => {};
	#cancelReport: () => void = () => {};
	#started = false;

	constructor(options: SimulatedDeviceOptions) {
		this.#options = options;
		this.#identity = options.identity;
		this.#serial = serialOf(this.#identity.chain);
		this.facts = options.facts;
		this.claimed = new Promise((resolve) => {
			this.#claim = resolve;
		});
		const { clock, random } = options;
		this.#line = new BrokerLine({
			target: () => ({
				url: this.#identity.brokers[0] as string,
				clientId: this.id,
				tls: { key: this.#identity.key.pem, certificate: this.#identity.chain, ca: this.#identity.ca },
			}),
			will: () => ({ topic: topics.presence(this.id), payload: this.#presence(false, this.#nextEpoch()) }),
			clock,
			log: silentLog,
			...(random ? { random } : {}),
		});
		this.#line.events.on("opened", () => void this.#begin().catch(() => {}));
		this.#line.events.on("lost", () => this.events.emit("offline", undefined));
		this.#line.events.on("message", ({ topic, payload }) => this.#take(topic, payload));
	}

	get id(): string {
		return this.#identity.id;
	}

	get identity(): DeviceIdentity {
		return this.#identity;
	}

	get isOnline(): boolean {
		return this.#line.isOpen;
	}

	get epoch(): number {
		return this.#epoch;
	}

	/** Connects, and stays so. */
	start(): void {
		if (this.#started) return;
		this.#started = true;
		this.#line.open();
	}

	/** Gives its connection up, as a network does; it comes back by itself. */
	drop(): void {
		this.#line.drop();
	}

	/** Says that it goes, and goes. */
	async close(): Promise<void> {
		if (this.#line.isOpen) {
			await this.publish(topics.presence(this.id), this.#presence(false, this.#epoch), true).catch(() => {});
		}
		this.#cancelConfirm();
		this.#cancelReport();
		await this.#line.close();
		this.events.clear();
	}

	/** Tells of something. `nobody`: no worker was there to hear it; an agent would keep it and tell it again. */
	tell<T extends EventType>(type: T, data: EventData[T], envelope = this.#envelope()): Promise<Delivery> {
		const schema = deviceEvent(type) as unknown as z.ZodMiniType;
		return this.publish(topics.event(this.id, type), encodePayload(schema, { ...envelope, data }));
	}

	/** Reports its twin; `over` for what isn't true. */
	report(over: Partial<TwinReported> = {}): Promise<Delivery> {
		// Always higher than the last, after a new start too.
		this.#seq = Math.max(this.#seq + 1, this.#options.clock.now());
		const report: TwinReported = {
			...this.#envelope(),
			seq: this.#seq,
			rev: this.appliedRev,
			appliedRev: this.appliedRev,
			doc: this.doc,
			errors: [],
			status: this.status,
			facts: this.facts,
			...over,
		};
		return this.publish(topics.twinReported(this.id), encodePayload(twinReported, report), true);
	}

	reportJob(job: string, status: Omit<JobStatus, "v" | "mid" | "ts">): Promise<Delivery> {
		return this.publish(topics.jobStatus(this.id, job), encodePayload(jobStatus, { ...this.#envelope(), ...status }));
	}

	/** Says that its certificate works. */
	confirm(serial = this.#serial): Promise<Delivery> {
		return this.publish(topics.enrolConfirm(this.id), encodePayload(enrolConfirm, { ...this.#envelope(), serial }));
	}

	/**
	 * Asks for a new certificate, for a new key or the one it has, and comes back by it. Errors: the service's refusal, `enrol.csr_refused` …
	 */
	async renew(options: { sameKey?: boolean; request?: Uint8Array; use?: boolean } = {}): Promise<DeviceIdentity> {
		const key = options.sameKey ? this.#identity.key : await newDeviceKey();
		const csr = options.request ?? (await requestFor(key, `CN=${this.id}`));
		const asked = new Set<string>();
		let cancelAgain = () => {};
		const answer = await new Promise<z.infer<typeof certificateResponse>>((resolve, reject) => {
			this.#renewal = (told) => asked.has(told.re) && resolve(told);
			const ask = (): void => {
				cancelAgain = this.#options.clock.after(ASK_AGAIN_MS, ask);
				const envelope = this.#envelope();
				asked.add(envelope.mid);
				const payload = encodePayload(certificateRequest, { ...envelope, csr: Buffer.from(csr).toString("base64") });
				this.publish(topics.certificateRequest(this.id), payload).catch(reject);
			};
			ask();
		}).finally(() => cancelAgain());
		if ("code" in answer) throw new RoomError(answer.code, "the service refused");
		const identity = { ...this.#identity, key, chain: answer.chain, ca: answer.caBundle };
		if (options.use !== false) this.use(identity);
		return identity;
	}

	/** Comes back as this. */
	use(identity: DeviceIdentity): void {
		this.#identity = identity;
		this.#serial = serialOf(identity.chain);
		this.#line.drop();
	}

	/** Anything at all, to anywhere: the broker decides. */
	publish(topic: string, payload: Uint8Array, retain = false): Promise<Delivery> {
		return this.#line.publish(topic, payload, { retain });
	}

	subscribe(filters: readonly string[]): Promise<void> {
		return this.#line.subscribe(filters);
	}

	async #begin(): Promise<void> {
		this.connections++;
		await this.#line.subscribe([
			topics.twinDesired(this.id),
			topics.jobNext(this.id),
			topics.commandRequest(this.id),
			topics.certificateResponse(this.id),
			topics.revocations(),
		]);
		await this.publish(topics.presence(this.id), this.#presence(true, this.#epoch), true);
		await this.#confirmUntilHeard();
		this.events.emit("online", undefined);
		if (this.appliedRev === 0) return;
		this.#cancelReport();
		const spread = (this.#options.random ?? Math.random)() * REPORT_SPREAD_MS;
		this.#cancelReport = this.#options.clock.after(spread, () => void this.report().catch(() => {}));
	}

	/** Again, if nobody was there to hear it, and until the fleet has taken the first. */
	async #confirmUntilHeard(): Promise<void> {
		this.#cancelConfirm();
		const heard = await this.confirm();
		if (heard === "delivered" && this.appliedRev > 0) return;
		this.#cancelConfirm = this.#options.clock.after(CONFIRM_AGAIN_MS, () => {
			void this.#confirmUntilHeard().catch(() => {});
		});
	}

	#take(topic: string, payload: Uint8Array): void {
		const parsed = parseTopic(topic);
		if (parsed?.kind === "revocations") this.events.emit("revocations", Buffer.from(payload).toString());
		else if (parsed?.kind === "twinDesired" && payload.length > 0) this.#apply(payload);
		else if (parsed?.kind === "jobNext") this.#takeJob(payload);
		else if (parsed?.kind === "commandRequest") this.#takeCommand(payload);
		else if (parsed?.kind === "certificateResponse") {
			const decoded = decodePayload(certificateResponse, payload);
			if (decoded.ok) this.#renewal?.(decoded.value);
		}
	}

	#apply(payload: Uint8Array): void {
		const decoded = decodePayload(twinDesired, payload);
		if (!decoded.ok || decoded.value.rev < this.appliedRev) return;
		const { rev } = decoded.value;
		const doc = twinDoc.safeParse(decoded.value.doc);
		if (!doc.success) {
			void this.report({ rev, errors: [{ key: "", code: "twin.invalid" }] }).catch(() => {});
			return;
		}
		this.doc = doc.data;
		this.appliedRev = rev;
		this.#claim();
		this.report().then(
			() => this.events.emit("applied", { rev }),
			() => {},
		);
	}

	#takeJob(payload: Uint8Array): void {
		const decoded = payload.length > 0 ? decodePayload(jobNext, payload) : null;
		if (!decoded) this.events.emit("job", null);
		else if (decoded.ok) this.events.emit("job", decoded.value);
	}

	#takeCommand(payload: Uint8Array): void {
		const decoded = decodePayload(commandRequest, payload);
		if (!decoded.ok) return;
		const request = decoded.value;
		this.events.emit("command", request);
		const { answer = () => ({ status: 200 as const }) } = this.#options;
		const answered = request.exp <= this.#options.clock.now() ? { status: 408 as const } : answer(request);
		if (answered) void this.respond({ re: request.mid, ...answered }).catch(() => {});
	}

	respond(response: Omit<CommandResponse, "v" | "mid" | "ts">): Promise<Delivery> {
		const payload = encodePayload(commandResponse, { ...this.#envelope(), ...response });
		return this.publish(topics.commandResponse(this.id), payload);
	}

	#envelope() {
		return { v: 1 as const, mid: random16(), ts: this.#options.clock.now() };
	}

	#nextEpoch(): number {
		this.#epoch = Math.max(this.#epoch + 1, this.#options.clock.now());
		return this.#epoch;
	}

	#presence(online: boolean, epoch: number): Uint8Array {
		return encodePayload(presence, { ...this.#envelope(), epoch, online });
	}
}
