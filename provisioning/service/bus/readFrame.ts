import type * as z from "zod/mini";
import { type CommandResponse, commandResponse } from "../../contract/commands.ts";
import {
	type CertificateRequest,
	certificateRequest,
	type EnrolUp,
	enrolConfirm,
	enrolUp,
} from "../../contract/enrolment.ts";
import { decodePayload } from "../../contract/envelope.ts";
import { type DeviceEvent, deviceEvent, eventData } from "../../contract/events.ts";
import { type JobStatus, jobStatus } from "../../contract/jobs.ts";
import { type Presence, presence } from "../../contract/ring.ts";
import { type EventType, parseTopic, type Topic } from "../../contract/topics.ts";
import { type TwinReported, twinReported } from "../../contract/twin.ts";

/** What a worker receives: the topic's parts, which the broker vouches for, and the message, which has its declared form and no more. */
export type Frame =
	| { kind: "presence"; id: string; message: Presence }
	| { kind: "twinReported"; id: string; message: TwinReported }
	| { kind: "jobStatus"; id: string; job: string; message: JobStatus }
	| { kind: "commandResponse"; id: string; message: CommandResponse }
	| { kind: "event"; id: string; type: EventType; message: DeviceEvent }
	| { kind: "certificateRequest"; id: string; message: CertificateRequest }
	| { kind: "enrolConfirm"; id: string; message: z.infer<typeof enrolConfirm> }
	| { kind: "enrolUp"; nonce: string; message: EnrolUp };
export type FrameKind = Frame["kind"];
export type FrameOf<K extends FrameKind> = Extract<Frame, { kind: K }>;

export type RefusalReason = "topic_unknown" | "too_large" | "malformed" | "version_unknown" | "text_refused";
export type Reading =
	| { ok: true; frame: Frame }
	/** An empty retained message: the topic was cleared, by us. */
	| { ok: false; kind: FrameKind; reason: "cleared" }
	| { ok: false; kind: FrameKind | "unknown"; reason: RefusalReason };

const eventSchemas = Object.fromEntries(
	(Object.keys(eventData) as EventType[]).map((type) => [type, deviceEvent(type)]),
) as unknown as Record<EventType, z.ZodMiniType>;

const plainSchemas = {
	presence,
	twinReported,
	jobStatus,
	commandResponse,
	certificateRequest,
	enrolConfirm,
	enrolUp,
} as const satisfies Record<Exclude<FrameKind, "event">, z.ZodMiniType>;

const isOurs = (topic: Topic): topic is Topic & { kind: FrameKind } =>
	topic.kind === "event" || Object.hasOwn(plainSchemas, topic.kind);

/** What a topic says of a message before it is read; null: no topic that workers listen to. */
export function kindOf(name: string): FrameKind | null {
	const topic = parseTopic(name);
	return topic && isOurs(topic) ? topic.kind : null;
}

/** Reads what came over the bus: hostile until it has passed. */
export function readFrame(name: string, payload: Uint8Array): Reading {
	const topic = parseTopic(name);
	if (!topic || !isOurs(topic)) return { ok: false, kind: "unknown", reason: "topic_unknown" };
	const { kind } = topic;
	if (payload.byteLength === 0 && (kind === "presence" || kind === "twinReported")) {
		return { ok: false, kind, reason: "cleared" };
	}
	const schema = topic.kind === "event" ? eventSchemas[topic.type] : plainSchemas[topic.kind];
	const decoded = decodePayload(schema, payload);
	if (!decoded.ok) return { ok: false, kind, reason: decoded.reason };
	if (!isStorable(payload, decoded.value)) return { ok: false, kind, reason: "text_refused" };
	return { ok: true, frame: { ...topic, message: decoded.value } as Frame };
}

/**
 * Whether PostgreSQL can keep each text of `value`: it can't keep U+0000, nor halves of surrogate pairs. UTF-8 can't hold these, and
 * JSON holds U+0000 only as an escape, so most payloads need no second look.
 */
function isStorable(payload: Uint8Array, value: unknown): boolean {
	if (!Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).includes("\\u")) return true;
	// What is well-formed leaves JSON.stringify without these escapes.
	return !/(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/.test(JSON.stringify(value));
}
