import type { EventType } from "../../../../provisioning/contract/topics.ts";
import { topics } from "../../../../provisioning/contract/topics.ts";
import type { FrameKind } from "../../../../provisioning/service/bus/readFrame.ts";

const mid = "abcdefghijklmnopqrstuv";
const envelope = { v: 1, mid, ts: 1_700_000_000_000 };
const status = { activity: "free", trouble: null, busyUntil: null, nextBusyAt: null, missing: [] };
const facts = { model: "Test box", serial: "SN-1", firmware: "1.0.0", slot: "A" };
const nonce = "0123456789abcdef0123456789abcdef";

/** One message of each kind that a worker receives, as it should be. */
export const goodFrames = (id: string): { kind: FrameKind; topic: string; message: Record<string, unknown> }[] => [
	{ kind: "presence", topic: topics.presence(id), message: { ...envelope, epoch: 1_700_000_000_000, online: true } },
	{
		kind: "twinReported",
		topic: topics.twinReported(id),
		message: { ...envelope, seq: 1, rev: 1, appliedRev: 1, doc: null, errors: [], status, facts },
	},
	{ kind: "jobStatus", topic: topics.jobStatus(id, mid), message: { ...envelope, seq: 1, state: "ACCEPTED" } },
	{ kind: "commandResponse", topic: topics.commandResponse(id), message: { ...envelope, re: mid, status: 200 } },
	...Object.entries({
		"program.started": { program: "agent", version: "1.0.0" },
		"call.ended": { reason: "call.left", seconds: 60, verified: true },
		"engine.failed": { code: "engine.lost", attempt: 1 },
		"device.changed": { kind: "camera", present: false },
		"peripheral.changed": { id: "tv", kind: "display", state: "lost", failure: "link.silent" },
		trouble: { code: "camera.lost", over: false },
		"update.rolled_back": { version: "1.0.1", reason: "update.probation_failed" },
		"device.reset": {},
	} satisfies Record<EventType, object>).map(([type, data]) => ({
		kind: "event" as const,
		topic: topics.event(id, type),
		message: { ...envelope, data },
	})),
	{ kind: "certificateRequest", topic: topics.certificateRequest(id), message: { ...envelope, csr: "AAAA" } },
	{ kind: "enrolConfirm", topic: topics.enrolConfirm(id), message: { ...envelope, serial: "0a" } },
	{
		kind: "enrolUp",
		topic: topics.enrolUp(nonce),
		message: { ...envelope, op: "hello", facts, lookup: "ABCD", devNonce: mid },
	},
	{
		kind: "enrolUp",
		topic: topics.enrolUp(nonce),
		message: { ...envelope, op: "csr", csr: "AAAA", mac: "x".repeat(43) },
	},
];
