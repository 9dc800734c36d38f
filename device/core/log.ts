/**
 * The log: one JSON object a line, of declared events with declared fields only.
 *
 * Nothing personal can be logged: a field must be declared here, and there is no free text field. No name of a person or
 * room, no link, token, title, address or SDP ever becomes a field.
 */
export interface LogEvents {
	"process.started": { program: string; version: string };
	"process.stopping": { program: string; signal: string };
	"config.refused": { code: string; line: number };
	"engine.started": { pid: number; attempt: number };
	"engine.exited": { code: number; signal: string; inCall: boolean };
	/** `repeated`: how many of the same were left out of the log before it. */
	"engine.warning": { code: string; element: string; repeated?: number };
	/** One of the room's devices on a serial line or the network; `failure` empty while it is well. */
	"peripheral.state": { kind: string; state: string; failure: string };
	/** What was refused on a device's line, or asked of a device in vain. */
	"peripheral.refused": { kind: string; code: string };
	"device.changed": { kind: string; present: boolean };
	"call.state": { state: string };
	/** The far end's first decoded picture, epoch milliseconds; again after every rebuild of the path. */
	"call.first_picture": { atMs: number };
	/** A transport ended: its gate's last state, and the buffers of media that passed it in each direction. */
	"call.gate": { state: string; sent: number; received: number };
	"call.ended": { reason: string; seconds: number };
	"call.refused": { code: string };
	"rendezvous.connection": { state: string; attempt: number };
	"rendezvous.refused": { code: string };
	"broker.connection": { state: string; attempt: number };
	"ring.refused": { code: string };
	"agent.connection": { state: string };
	"agent.refused": { code: string };
	"panel.connection": { state: string; panels: number };
	"panel.refused": { code: string };
	"calendar.refused": { code: string; skipped: number };
	/** A route's handler threw what the contract does not promise. */
	"api.failed": { route: string; code: string };
	/** A device got its certificate and is there by it. */
	"enrolment.confirmed": { device: string };
	"enrolment.refused": { code: string };
	/** What came over the bus and was not heeded; `repeated`: how many of the same were left out of the log before it. */
	"bus.refused": { kind: string; reason: string; repeated: number };
	/** Whether this worker does what one worker of a fleet does. */
	"fleet.leader": { leads: boolean };
	/** The broker was asked for all it has, and told what it has lost. */
	"fleet.census": { published: number; absent: number };
	/** Whose the device is, as the agent has it; `step` while it enrols. */
	"claim.state": { state: string; step: string };
	"claim.failed": { code: string };
	"device.reset": { state: string; code: string };
	/** The room program's connection to the agent. */
	"local.connection": { state: string };
	"local.refused": { code: string };
	"twin.state": { state: string; rev: number; errors: number };
	"command.done": { op: string; status: number };
	"job.state": { state: string; code: string };
	"certificate.renewal": { state: string; generation: number };
	"outbox.disk": { state: string };
	"outbox.dropped": { dropped: number };
	"error.unexpected": { code: string };
}

export type LogLevel = "debug" | "info" | "warn" | "error";

export interface Log {
	write<E extends keyof LogEvents>(level: LogLevel, event: E, fields: LogEvents[E]): void;
}

const order: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };

/** A log that writes JSON lines through `write`; events under `level` are left out. */
export function jsonLog(options: { write: (line: string) => void; level?: LogLevel; now?: () => number }): Log {
	const least = order[options.level ?? "info"];
	const now = options.now ?? Date.now;
	return {
		write(level, event, fields) {
			if (order[level] < least) return;
			options.write(`${JSON.stringify({ ts: new Date(now()).toISOString(), level, event, ...fields })}\n`);
		},
	};
}

export const silentLog: Log = { write() {} };
