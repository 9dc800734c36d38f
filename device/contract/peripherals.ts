import * as z from "zod/mini";

/** Why a device of the room is not to be used; each has a sentence and a next step on the service page, in both languages. */
export const peripheralFailure = z.enum([
	"link.absent",
	"link.busy",
	"link.denied",
	"link.unreachable",
	"link.lost",
	"link.silent",
	"peripheral.wrong_device",
	"peripheral.wrong_password",
	"peripheral.version_unknown",
	"peripheral.tool_missing",
	"peripheral.fault",
]);
export type PeripheralFailure = z.infer<typeof peripheralFailure>;

/** The room's equipment, as the panel draws it. */
export const peripherals = z.object({
	/** Null: this room's camera can't be turned, or its control is lost. */
	camera: z.nullable(
		z.object({
			/** `picture`: the version of the picture at `/preset/<number>.jpg?v=<picture>`; null: none was taken. */
			presets: z.array(z.object({ number: z.number(), name: z.nullable(z.string()), picture: z.nullable(z.string()) })),
			/** Follows people by itself; null: it can't. */
			tracking: z.nullable(z.boolean()),
			/** The far end of this call may turn it; null: that can't be allowed, now or ever in this room. */
			farControl: z.nullable(z.boolean()),
		}),
	),
	/** Null: no display is driven. */
	display: z.nullable(
		z.object({
			power: z.nullable(z.enum(["on", "off", "warming", "cooling"])),
			/** 0–100. */
			volume: z.nullable(z.number()),
			muted: z.nullable(z.boolean()),
		}),
	),
	/** What keys and shutter say: the hardware is the truth. Null: there is no such part, or it has not spoken lately. */
	hardware: z.object({
		muteKey: z.nullable(z.boolean()),
		shutterClosed: z.nullable(z.boolean()),
		occupied: z.nullable(z.boolean()),
	}),
	/** Each device of the configuration, for the service page. */
	devices: z.array(
		z.object({
			/** Its name in the configuration. */
			id: z.string(),
			kind: z.enum(["camera", "display", "panel-bus"]),
			/** What it says it is. */
			model: z.nullable(z.string()),
			/** Where it is connected, as a technician would say: `serial ttyUSB0`, `TCP 192.0.2.7`. */
			at: z.string(),
			state: z.enum(["starting", "ok", "lost"]),
			/** Epoch milliseconds. */
			since: z.number(),
			failure: z.nullable(peripheralFailure),
		}),
	),
});
export type Peripherals = z.infer<typeof peripherals>;
/** What the drivers report; the hardware's own word comes by itself, because it decides about camera and microphone. */
export type Equipment = Omit<Peripherals, "hardware">;
export type Hardware = Peripherals["hardware"];

/** A room without equipment. */
export const noEquipment: Equipment = { camera: null, display: null, devices: [] };
export const noHardware: Hardware = { muteKey: null, shutterClosed: null, occupied: null };
