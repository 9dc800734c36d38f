import * as z from "zod/mini";
import { displayInputs } from "../peripherals/model/Display.ts";
import { driverKinds } from "../peripherals/model/drivers.ts";
import { trackingWays } from "../peripherals/model/PtzCamera.ts";
import { stepsOf } from "../peripherals/model/scenes.ts";
import { group, matching, must, named, path, text, whole } from "./primitives.ts";

/** Where a device is: a serial port, an address in the network, or the adapter of the HDMI line. */
type DevicePlace =
	| { by: "serial"; path: string; baudRate: number }
	| { by: "tcp"; host: string; port: number }
	| { by: "udp"; host: string; port: number }
	| { by: "cec"; path: string };

const speeds = [1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200];
const port = z.optional(path);
const speed = z.optional(
	z.number(must("a speed")).check(z.refine((value) => speeds.includes(value), `must be one of ${speeds.join(", ")}`)),
);
const host = z.optional(
	matching(/^(?:[A-Za-z0-9.-]{1,253}|\[[0-9a-fA-F:.]{2,45}\])(?::[1-9]\d{0,4})?$/, "a host, or host:port").check(
		z.refine((value) => portOf(value) <= 65535, "must have a port of 1 to 65535"),
	),
);
const portOf = (value: string): number => Number(/:(\d+)$/.exec(value)?.[1] ?? 0);
const ways = ["serial", "tcp", "udp", "cec"] as const;
type Way = (typeof ways)[number];
type Ways = { [way in Way]?: string | undefined } & { speed?: number | undefined };

/** Takes a device that is connected in exactly one way. `usual`: the speed or port where none is written. */
function connected<S extends z.ZodMiniObject>(usual: { speed?: number; tcp?: number; udp?: number }, schema: S) {
	const possible = ways.filter((way) => way in schema.shape);
	const placeOf = ({ serial, speed, tcp, udp, cec }: Ways): DevicePlace => {
		if (serial !== undefined) return { by: "serial", path: serial, baudRate: speed ?? usual.speed ?? 9600 };
		if (cec !== undefined) return { by: "cec", path: cec };
		const by = tcp === undefined ? "udp" : "tcp";
		const written = tcp ?? udp ?? "";
		const host = written.replace(/(?<=^[^:]*|\]):\d+$/, "").replaceAll(/[[\]]/g, "");
		return { by, host, port: portOf(written) || (usual[by] ?? 0) };
	};
	return z.pipe(
		schema.check(
			z.refine((value) => possible.filter((way) => way in value).length === 1, `needs one of ${possible.join(", ")}`),
			z.refine((value) => !("speed" in value) || "serial" in value, {
				path: ["speed"],
				error: "is for a serial port",
			}),
		),
		z.transform((value) => {
			const { serial, speed, tcp, udp, cec, ...rest } = value as z.output<S> & Ways;
			// one of the ways that its schema has
			return { ...rest, at: placeOf(value as Ways) as Extract<DevicePlace, { by: keyof S["shape"] }> };
		}),
	);
}

/** Of a display whose port sleeps with it: its silence is no fault then. Usual is what its maker's displays do. */
const silentInStandby = z.optional(z.boolean(must("true or false")));
/** Which of its inputs the room is plugged into. */
const input = z._default(z.nullable(z.enum(displayInputs, `must be one of ${displayInputs.join(", ")}`)), null);
/** Numbers of the camera's memory, and the names that the panel shows. 255 ends a message of VISCA and can't be said. */
const presets = z._default(
	z.pipe(
		named(/^(?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-4])$/, "a number from 0 to 254", text(40), 64).check(
			z.refine(
				(all) => {
					const names = [...stepsOf.camera, ...Object.values(all)];
					return new Set(names).size === names.length;
				},
				`must have different names, and none of ${stepsOf.camera.join(", ")}`,
			),
		),
		z.transform((all) => Object.entries(all).map(([number, name]) => ({ number: Number(number), name }))),
	),
	[],
);

const device = z.discriminatedUnion(
	"driver",
	[
		// the number of a camera on its serial line; over the network there is but one
		connected(
			{ speed: 9600, tcp: 5678, udp: 52381 },
			group({
				driver: z.literal("visca"),
				...{ serial: port, speed, tcp: host, udp: host },
				address: z._default(whole(1, 7), 1),
				presets,
				tracking: z._default(z.enum(trackingWays, `must be one of ${trackingWays.join(", ")}`), "none"),
			}),
		),
		connected(
			{ speed: 9600, tcp: 1515 },
			group({
				driver: z.literal("samsung-mdc"),
				...{ serial: port, speed, tcp: host },
				id: z._default(whole(0, 254), 1),
				...{ input, silentInStandby },
			}),
		),
		connected(
			{ speed: 9600, tcp: 9761 },
			group({
				driver: z.literal("lg"),
				...{ serial: port, speed, tcp: host },
				id: z._default(whole(0, 255), 1),
				...{ input, silentInStandby },
			}),
		),
		connected(
			{ speed: 9600, tcp: 7142 },
			group({
				driver: z.literal("sharp-nec"),
				...{ serial: port, speed, tcp: host },
				id: z._default(whole(1, 100), 1),
				...{ input, silentInStandby },
			}),
		),
		connected(
			{ tcp: 4352 },
			group({
				driver: z.literal("pjlink"),
				tcp: host,
				/** A secret, as it was set at the projector: 32 bytes at most (PJLink Class 1, 5.1). */
				password: z.optional(matching(/^[\x21-\x7e]{1,32}$/, "1 to 32 letters, digits and signs")),
				/** Which of them is which, by the projector's manual: two characters of PJLink, where it doesn't say it itself. */
				inputs: z.optional(
					z.partialRecord(
						z.enum(displayInputs),
						matching(/^[1-6][1-9A-Z]$/, "an input of PJLink, such as 31"),
						`must be a group of ${displayInputs.join(", ")}`,
					),
				),
				input,
			}),
		),
		connected({}, group({ driver: z.literal("cec"), cec: port, input })),
		connected({ speed: 115200 }, group({ driver: z.literal("panel-bus"), serial: port, speed })),
	],
	`must have a driver: ${Object.keys(driverKinds).join(", ")}`,
);

/** The room's equipment by the names by which scenes, panel and fleet speak of it. */
export const peripherals = z._default(
	z.pipe(
		named(/^[a-z][a-z0-9-]{0,31}$/, "a word of a–z, 0–9 and -", device, 16),
		z.transform((all) => Object.entries(all).map(([name, setup]) => ({ name, ...setup }))),
	),
	[],
);
export type DeviceSetup = z.infer<typeof peripherals>[number];
