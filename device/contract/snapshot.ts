import * as z from "zod/mini";
import { calendarFailure, endReason, failureReason, serviceTrouble } from "./failure.ts";
import { peripherals } from "./peripherals.ts";

/** Milliseconds since the Unix epoch by the room's clock. */
const timestamp = z.number();

/** One entry of today's agenda. The title is null unless the room's configuration says that titles are shown. */
export const agendaEntry = z.object({
	id: z.string(),
	title: z.nullable(z.string()),
	start: timestamp,
	end: timestamp,
	/** Whether Join is possible for this entry now; otherwise `why` says what stands against it. */
	join: z.boolean(),
	why: z.nullable(z.enum(["early", "no_link", "unknown_service", "link_stripped", "cancelled"])),
	/** The name of a known foreign service (`Teams`, `Zoom`, …) for `unknown_service`. */
	service: z.nullable(z.string()),
});
export type AgendaEntry = z.infer<typeof agendaEntry>;

/** A room that can be called. `online` is null while the broker can't be asked. */
export const directoryEntry = z.object({ id: z.string(), name: z.string(), online: z.nullable(z.boolean()) });
export type DirectoryEntry = z.infer<typeof directoryEntry>;

/**
 * What the badge says. There is no third state beside these: a call that is not end-to-end encrypted does not exist.
 * `verified`: a room of this organisation, or a person compared the code. `encrypted`: someone who holds the link.
 */
export const security = z.enum(["securing", "verified", "encrypted"]);
export type Security = z.infer<typeof security>;

export const farEnd = z.object({
	/** As the far end names itself; null while nobody proved anything. */
	name: z.nullable(z.string()),
	kind: z.enum(["room", "guest"]),
	microphone: z.boolean(),
	camera: z.boolean(),
});
export type FarEnd = z.infer<typeof farEnd>;

export const screen = z.discriminatedUnion("name", [
	z.object({ name: z.literal("resting") }),
	z.object({ name: z.literal("joining"), since: timestamp, slow: z.boolean() }),
	z.object({ name: z.literal("alone"), since: timestamp, guestLink: z.string() }),
	z.object({
		name: z.literal("ringing-in"),
		since: timestamp,
		from: z.string(),
		/** The ring was signed with the device certificate of a room of this organisation. */
		verified: z.boolean(),
	}),
	z.object({ name: z.literal("ringing-out"), since: timestamp, to: z.string() }),
	z.object({
		name: z.literal("call"),
		phase: z.enum(["securing", "connected", "recovering"]),
		/** When the far end was first connected; null while securing for the first time. */
		since: z.nullable(timestamp),
		far: farEnd,
		security,
		/** Seven indices 0–63 into the code's pictures; null until the handshake is proved. */
		code: z.nullable(z.array(z.number()).check(z.length(7))),
		/** Whether someone in this room compared the code in this call. */
		compared: z.boolean(),
		/** Whether the far end's key was met before. */
		key: z.nullable(z.enum(["same", "new"])),
	}),
	z.object({
		name: z.literal("ended"),
		end: z.nullable(endReason),
		failure: z.nullable(failureReason),
		/** Seconds that the call was connected. */
		seconds: z.number(),
	}),
	z.object({ name: z.literal("trouble"), failure: failureReason, retryAt: z.nullable(timestamp) }),
	/** Not in service: nobody's, on its way into a fleet, or claimed and not to be used yet. There is no engine, and no source. */
	z.object({
		name: z.literal("unclaimed"),
		/** `starting`: the agent hasn't spoken yet; `code`: waits for one; then what the enrolment does; `configuring`: claimed. */
		step: z.enum(["starting", "code", "connecting", "proving", "waiting", "confirming", "configuring"]),
		/** When the step began; null while nothing is under way. */
		since: z.nullable(timestamp),
		failure: z.nullable(serviceTrouble),
		serial: z.string(),
		model: z.string(),
		firmware: z.string(),
		/** Where this device can be given a code; null: not known here. */
		enrolUrl: z.nullable(z.string()),
		/** This device's addresses on its networks; none: no network. */
		addresses: z.array(z.string()),
	}),
]);
export type Screen = z.infer<typeof screen>;
export type ScreenName = Screen["name"];

/**
 * A source as the panel draws it. `flowing` is measured on buffers that really flow, never on intent: it drives the indicator.
 * `absent`: no such device; `busy`: another program holds it; `denied`: no permission.
 */
export const source = z.object({
	state: z.enum(["closed", "open", "off", "absent", "busy", "denied"]),
	flowing: z.boolean(),
	/** The device's own label (a product name), null where there is none. */
	device: z.nullable(z.string()),
});
export type Source = z.infer<typeof source>;

export const locale = z.enum(["de", "en"]);
export type Locale = z.infer<typeof locale>;

/** What runs on this device, what could, what became of the last update, and what a stick brings. */
export const firmware = z.object({
	version: z.string(),
	/** Null: nothing here can be updated. */
	slots: z.nullable(
		z.array(
			z.object({
				name: z.enum(["A", "B"]),
				/** Null: the factory's, or not known. */
				version: z.nullable(z.string()),
				/** `trial`: runs, and has to prove itself; `ready`: could be started; `bad`: did not prove itself. */
				state: z.enum(["runs", "trial", "ready", "bad", "unknown"]),
			}),
		),
	),
	last: z.nullable(
		z.object({
			version: z.string(),
			outcome: z.enum(["succeeded", "rolled_back", "failed", "rejected"]),
			/** Why it failed. */
			code: z.nullable(z.string()),
			at: timestamp,
			by: z.enum(["fleet", "stick"]),
		}),
	),
	/** `code`: why it is not installed here; null: it can be. */
	stick: z.nullable(z.object({ version: z.string(), code: z.nullable(z.string()) })),
});
export type Firmware = z.infer<typeof firmware>;

/** Everything that the panel draws. One snapshot, whole, each time something changed; `rev` grows by one with each. */
export const snapshot = z.object({
	v: z.literal(1),
	rev: z.number(),
	now: timestamp,
	room: z.object({
		name: z.string(),
		seats: z.nullable(z.number()),
		locale,
		/** IANA time zone, for example `Europe/Berlin`. */
		timeZone: z.string(),
	}),
	screen,
	agenda: z.object({
		entries: z.array(agendaEntry),
		/** Null: busy now is decided by entries; set when the calendar could not be read. */
		failure: z.nullable(calendarFailure),
	}),
	directory: z.array(directoryEntry),
	media: z.object({
		microphone: source,
		camera: source,
		/** 0–100. */
		volume: z.number(),
		selfView: z.boolean(),
	}),
	peripherals,
	/** What is missing beside the call, as a quiet line. */
	missing: z.array(z.enum(["broker", "rendezvous", "engine", "camera", "microphone", "speaker", "calendar"])),
	/** Which of these devices is it? The number stands over every screen until then. */
	identify: z.nullable(z.object({ number: z.number(), until: timestamp })),
	/** What an update of this device does; `asks`: it waits for people to let it happen. */
	update: z.nullable(
		z.object({
			state: z.enum(["downloading", "waiting", "installing", "restarting", "probation"]),
			version: z.string(),
			/** Per cent of the state's own work. */
			pct: z.nullable(z.number()),
			asks: z.boolean(),
			/** What it waits for, a code; null: nothing, or not known. */
			waitsFor: z.nullable(z.string()),
		}),
	),
	/** For the service page; null: the agent has not said anything yet. */
	firmware: z.nullable(firmware),
	/** A factory reset, for the service page; null: nobody here can do one. `code`: why the last one failed. */
	reset: z.nullable(z.object({ state: z.enum(["offered", "begun"]), code: z.nullable(z.enum(["reset.failed"])) })),
	/** The support bundle for a stick; null: there is none, or nobody here can write to one. */
	support: z.nullable(
		z.object({
			state: z.enum(["offered", "collecting", "writing", "done", "failed"]),
			/** Its name on the stick. */
			file: z.nullable(z.string()),
			code: z.nullable(
				z.enum([
					"support.no_stick",
					"support.stick_read_only",
					"support.stick_full",
					"support.stick_gone",
					"support.failed",
				]),
			),
		}),
	),
	/** What is allowed now: the device's decision, never the page's. */
	can: z.object({
		join: z.boolean(),
		meetNow: z.boolean(),
		call: z.boolean(),
		cancel: z.boolean(),
		answer: z.boolean(),
		leave: z.boolean(),
		microphone: z.boolean(),
		camera: z.boolean(),
		compare: z.boolean(),
		retry: z.boolean(),
		dismiss: z.boolean(),
		enrol: z.boolean(),
		/** To turn the camera, and to use its presets. */
		steer: z.boolean(),
		/** To switch the display, and to set its volume. */
		display: z.boolean(),
		/** To let a waiting update happen, or not yet. */
		update: z.boolean(),
		/** To install what a stick brings. */
		installStick: z.boolean(),
		/** To save the support bundle onto a stick. */
		saveSupport: z.boolean(),
		/** To let this device forget everything. */
		factoryReset: z.boolean(),
	}),
});
export type Snapshot = z.infer<typeof snapshot>;
export type Can = Snapshot["can"];
