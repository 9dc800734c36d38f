import { code, type LogEntry, logEntry, word } from "./supportBundle.ts";

const MOST_FIELDS = 12;

/** A line of our programs' log as it may leave the house; null: it is none. The names of events and fields are literals of our sources, by their form; values are looked at one by one. */
export function logEntryOf(line: string): LogEntry | null {
	let said: unknown;
	try {
		said = JSON.parse(line);
	} catch {
		return null;
	}
	if (typeof said !== "object" || said === null || Array.isArray(said)) return null;
	const { ts, level, event, ...rest } = said as Record<string, unknown>;
	const fields: LogEntry["fields"] = {};
	for (const [name, value] of Object.entries(rest).slice(0, MOST_FIELDS)) {
		if (fieldNames.has(name)) fields[name] = plainOf(value);
	}
	if (typeof event !== "string" || !events.has(event)) return null;
	const parsed = logEntry.safeParse({ ts, level, event, fields });
	return parsed.success ? parsed.data : null;
}

function plainOf(value: unknown): LogEntry["fields"][string] {
	if (typeof value === "boolean") return value;
	// a large number could be somebody's
	if (typeof value === "number") return Number.isFinite(value) && Math.abs(value) < 1e7 ? value : null;
	const parsed = code.safeParse(value);
	if (parsed.success) return parsed.data;
	const plain = word.safeParse(value);
	return plain.success ? plain.data : null;
}

/** Events of device/core/log.ts that a device has, and their fields. An id of a device or a route is none of them. */
const events: ReadonlySet<string> = new Set([
	...["process.started", "process.stopping", "config.refused", "engine.started", "engine.exited", "engine.warning"],
	...[
		"peripheral.state",
		"peripheral.refused",
		"device.changed",
		"call.state",
		"call.gate",
		"call.ended",
		"call.refused",
	],
	...[
		"rendezvous.connection",
		"rendezvous.refused",
		"broker.connection",
		"ring.refused",
		"agent.connection",
		"agent.refused",
	],
	...["panel.connection", "panel.refused", "calendar.refused", "bus.refused", "claim.state", "claim.failed"],
	...["local.connection", "local.refused", "twin.state", "command.done", "job.state", "certificate.renewal"],
	...["outbox.disk", "outbox.dropped", "error.unexpected"],
]);
const fieldNames: ReadonlySet<string> = new Set([
	...["program", "code", "line", "attempt", "signal", "inCall", "repeated", "kind", "state", "failure", "present"],
	...["sent", "received", "reason", "seconds", "panels", "skipped", "step", "rev", "errors", "op", "status"],
	...["generation", "dropped"],
]);
