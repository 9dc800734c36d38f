import * as z from "zod/mini";

/**
 * The topics of the fleet, version 1. `id` is the CN of a device certificate; the broker forces it to be user name and client id, so a
 * device's name in a topic that only it may write proves who wrote. All QoS 1. MQTT 3.1.1 suffices: what MQTT 5's properties say
 * (expiry, correlation) is in the payloads too.
 *
 * ```
 * ic/1/d/{id}/presence        device     presence            retained + last will
 * ic/1/d/{to}/ring/{from}     device     ringFrame           device → device, never retained, expires (docs/adr/0004)
 * ic/1/d/{id}/twin/desired    service    twinDesired         retained
 * ic/1/d/{id}/twin/reported   device     twinReported        retained
 * ic/1/d/{id}/job/next        service    jobNext, or empty   retained
 * ic/1/d/{id}/job/{jobId}/st  device     jobStatus
 * ic/1/d/{id}/cmd/req         service    commandRequest
 * ic/1/d/{id}/cmd/res         device     commandResponse
 * ic/1/d/{id}/ev/{type}       device     deviceEvent
 * ic/1/d/{id}/cert/req        device     certificateRequest
 * ic/1/d/{id}/cert/res        service    certificateResponse
 * ic/1/d/{id}/enrol/confirm   device     enrolConfirm
 * ic/1/enrol/{nonce}/up       anybody    enrolUp             on the bootstrap listener, client id = nonce
 * ic/1/enrol/{nonce}/down     service    enrolDown
 * ic/1/fleet/revocations      service    PEM                 retained: CA certificate and revocation list (RFC 5280 section 5)
 * ```
 */
export const deviceId = z.string().check(z.regex(/^[a-z0-9-]{8,40}$/));
/** A job's id: 16 random bytes, base64url. */
export const jobId = z.string().check(z.regex(/^[A-Za-z0-9_-]{22}$/));
/** Client id on the bootstrap listener: 16 random bytes, hex. */
export const enrolNonce = z.string().check(z.regex(/^[0-9a-f]{32}$/));
/** Which events a device may tell; what each holds: events.ts. */
export const eventType = z.enum([
	"program.started",
	"call.ended",
	"engine.failed",
	"device.changed",
	"peripheral.changed",
	"trouble",
	"update.rolled_back",
	"device.reset",
]);
export type EventType = z.infer<typeof eventType>;

const ofDevice = (id: string, leaf: string): string => `ic/1/d/${id}/${leaf}`;

export const topics = {
	presence: (id: string) => ofDevice(id, "presence"),
	ring: (to: string, from: string) => ofDevice(to, `ring/${from}`),
	/** Subscription to all that ring `to`. */
	rings: (to: string) => ofDevice(to, "ring/+"),
	twinDesired: (id: string) => ofDevice(id, "twin/desired"),
	twinReported: (id: string) => ofDevice(id, "twin/reported"),
	jobNext: (id: string) => ofDevice(id, "job/next"),
	jobStatus: (id: string, job: string) => ofDevice(id, `job/${job}/st`),
	commandRequest: (id: string) => ofDevice(id, "cmd/req"),
	commandResponse: (id: string) => ofDevice(id, "cmd/res"),
	event: (id: string, type: string) => ofDevice(id, `ev/${type}`),
	certificateRequest: (id: string) => ofDevice(id, "cert/req"),
	certificateResponse: (id: string) => ofDevice(id, "cert/res"),
	enrolConfirm: (id: string) => ofDevice(id, "enrol/confirm"),
	enrolUp: (nonce: string) => `ic/1/enrol/${nonce}/up`,
	enrolDown: (nonce: string) => `ic/1/enrol/${nonce}/down`,
	revocations: () => "ic/1/fleet/revocations",
} as const;

export type Topic =
	| {
			kind:
				| "presence"
				| "twinDesired"
				| "twinReported"
				| "jobNext"
				| "commandRequest"
				| "commandResponse"
				| "certificateRequest"
				| "certificateResponse"
				| "enrolConfirm";
			id: string;
	  }
	| { kind: "ring"; to: string; from: string }
	| { kind: "jobStatus"; id: string; job: string }
	| { kind: "event"; id: string; type: EventType }
	| { kind: "enrolUp" | "enrolDown"; nonce: string }
	| { kind: "revocations" };

const plainLeaves = {
	presence: "presence",
	"twin/desired": "twinDesired",
	"twin/reported": "twinReported",
	"job/next": "jobNext",
	"cmd/req": "commandRequest",
	"cmd/res": "commandResponse",
	"cert/req": "certificateRequest",
	"cert/res": "certificateResponse",
	"enrol/confirm": "enrolConfirm",
} as const;

const fits = (schema: z.ZodMiniType, value: string | undefined): value is string => schema.safeParse(value).success;

/** The topic's parts, or null if it is none of ours. */
export function parseTopic(topic: string): Topic | null {
	const [root, version, kind, id, ...leaves] = topic.split("/");
	if (root !== "ic" || version !== "1") return null;
	if (kind === "enrol" && fits(enrolNonce, id) && leaves.length === 1) {
		if (leaves[0] === "up") return { kind: "enrolUp", nonce: id };
		return leaves[0] === "down" ? { kind: "enrolDown", nonce: id } : null;
	}
	if (topic === topics.revocations()) return { kind: "revocations" };
	if (kind !== "d" || !fits(deviceId, id)) return null;
	const leaf = leaves.join("/");
	if (Object.hasOwn(plainLeaves, leaf)) return { kind: plainLeaves[leaf as keyof typeof plainLeaves], id };
	const [first, second, third, ...more] = leaves;
	if (more.length > 0) return null;
	if (first === "ring" && third === undefined && fits(deviceId, second)) return { kind: "ring", to: id, from: second };
	if (first === "job" && third === "st" && fits(jobId, second)) return { kind: "jobStatus", id, job: second };
	if (first !== "ev" || third !== undefined) return null;
	const type = eventType.safeParse(second);
	return type.success ? { kind: "event", id, type: type.data } : null;
}

export interface Right {
	/** `read` allows receiving, `write` publishing. */
	access: "read" | "write";
	topic: string;
}

/** What a device may do on the broker, and nothing else. `{self}` stands for its own id; an adapter writes it in the broker's form. */
export const deviceRights: readonly Right[] = [
	{ access: "write", topic: topics.presence("{self}") },
	// any device of the fleet may see who is online, to ring it
	{ access: "read", topic: topics.presence("+") },
	{ access: "write", topic: topics.ring("+", "{self}") },
	{ access: "read", topic: topics.rings("{self}") },
	{ access: "read", topic: topics.twinDesired("{self}") },
	{ access: "write", topic: topics.twinReported("{self}") },
	{ access: "read", topic: topics.jobNext("{self}") },
	{ access: "write", topic: topics.jobStatus("{self}", "+") },
	{ access: "read", topic: topics.commandRequest("{self}") },
	{ access: "write", topic: topics.commandResponse("{self}") },
	{ access: "write", topic: topics.event("{self}", "+") },
	{ access: "write", topic: topics.certificateRequest("{self}") },
	{ access: "read", topic: topics.certificateResponse("{self}") },
	{ access: "write", topic: topics.enrolConfirm("{self}") },
	{ access: "read", topic: topics.revocations() },
];

/** What somebody without a certificate may do, on the bootstrap listener only; `{self}`: its client id, a nonce of its own. */
export const bootstrapRights: readonly Right[] = [
	{ access: "write", topic: topics.enrolUp("{self}") },
	{ access: "read", topic: topics.enrolDown("{self}") },
];

/** What a worker of the fleet service may do: exactly the other ends of all that, and never a ring. */
export const serviceRights: readonly Right[] = [
	{ access: "read", topic: topics.presence("+") },
	{ access: "write", topic: topics.twinDesired("+") },
	{ access: "read", topic: topics.twinReported("+") },
	{ access: "write", topic: topics.jobNext("+") },
	{ access: "read", topic: topics.jobStatus("+", "+") },
	{ access: "write", topic: topics.commandRequest("+") },
	{ access: "read", topic: topics.commandResponse("+") },
	{ access: "read", topic: topics.event("+", "+") },
	{ access: "read", topic: topics.certificateRequest("+") },
	{ access: "write", topic: topics.certificateResponse("+") },
	{ access: "read", topic: topics.enrolConfirm("+") },
	{ access: "read", topic: topics.enrolUp("+") },
	{ access: "write", topic: topics.enrolDown("+") },
	{ access: "write", topic: topics.revocations() },
	// a retired device's retained messages are cleared
	{ access: "write", topic: topics.presence("+") },
	{ access: "write", topic: topics.twinReported("+") },
];
/** Names on the broker that are the fleet's own; no device is called so. */
export const reservedNamePrefix = "fleet-";
/** User names of the service's workers: `fleet-service-<worker>`. */
export const serviceNamePrefix = `${reservedNamePrefix}service-`;
