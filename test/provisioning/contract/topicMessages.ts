import type * as z from "zod/mini";
import { commandRequest, commandResponse } from "../../../provisioning/contract/commands.ts";
import {
	certificateRequest,
	certificateResponse,
	enrolConfirm,
	enrolDown,
	enrolUp,
} from "../../../provisioning/contract/enrolment.ts";
import { deviceEvent } from "../../../provisioning/contract/events.ts";
import { jobNext, jobStatus } from "../../../provisioning/contract/jobs.ts";
import { presence, ringFrame } from "../../../provisioning/contract/ring.ts";
import type { topics } from "../../../provisioning/contract/topics.ts";
import { twinDesired, twinReported } from "../../../provisioning/contract/twin.ts";

/** Each topic that something is said on; `rings` is only a subscription. */
export type TopicName = Exclude<keyof typeof topics, "rings">;

const mid = "abcdefghijklmnopqrstuv";
const envelope = { v: 1, mid, ts: 1_700_000_000_000 };
const facts = { model: "Test box", serial: "SN-1", firmware: "1.0.0", slot: "A" };
const status = { activity: "free", trouble: null, busyUntil: null, nextBusyAt: null, missing: [] };
const spec = { version: "2.0.0", digest: "ab".repeat(32), bytes: 1, url: "https://u.example/2", deadline: null };

/** A message of each topic as it should be, and its form; null: what it holds is no JSON. */
export const topicMessages: {
	readonly [Name in TopicName]: { schema: z.ZodMiniType; message: Record<string, unknown> } | null;
} = {
	presence: { schema: presence, message: { ...envelope, epoch: 1_700_000_000_000, online: true } },
	ring: { schema: ringFrame, message: { ...envelope, exp: 1_700_000_030_000, sealed: "e30.a.b.c.d" } },
	twinDesired: { schema: twinDesired, message: { ...envelope, rev: 1, doc: {} } },
	twinReported: {
		schema: twinReported,
		message: { ...envelope, seq: 1, rev: 1, appliedRev: 1, doc: null, errors: [], status, facts },
	},
	jobNext: {
		schema: jobNext,
		message: { ...envelope, jobId: mid, seq: 1, type: "firmware", spec, exp: 1_700_000_000_000 },
	},
	jobStatus: { schema: jobStatus, message: { ...envelope, seq: 1, state: "ACCEPTED" } },
	commandRequest: { schema: commandRequest, message: { ...envelope, exp: 1_700_000_000_000, op: "doctor", args: {} } },
	commandResponse: { schema: commandResponse, message: { ...envelope, re: mid, status: 200 } },
	event: { schema: deviceEvent("trouble"), message: { ...envelope, data: { code: "camera.lost", over: false } } },
	certificateRequest: { schema: certificateRequest, message: { ...envelope, csr: "AAAA" } },
	certificateResponse: {
		schema: certificateResponse,
		message: { ...envelope, re: mid, chain: "PEM", caBundle: "PEM" },
	},
	enrolConfirm: { schema: enrolConfirm, message: { ...envelope, serial: "0a" } },
	enrolUp: { schema: enrolUp, message: { ...envelope, op: "hello", facts, lookup: "ABCD", devNonce: mid } },
	enrolDown: { schema: enrolDown, message: { ...envelope, op: "challenge", srvNonce: mid } },
	revocations: null,
};
