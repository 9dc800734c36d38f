import * as z from "zod/mini";
import { readCode } from "./enrolment.ts";

const url = (scheme: RegExp) => z.string().check(z.regex(scheme), z.maxLength(300));
const address = z.union([z.ipv4(), z.ipv6()]);

/** What IT writes for a device before its first start, `incamera/setup.yaml` on the start partition. Nothing in it is a secret of a call. */
export const setUpFile = z.strictObject({
	fleet: z.optional(
		z.strictObject({
			/** The broker's listener for devices that nobody owns yet. */
			bootstrap: url(/^mqtts:\/\/[^\s/]+$/),
			/** What the panel's QR opens. */
			page: z.optional(url(/^https:\/\/\S+$/)),
			/** Enrols the device at its first start, as if it were typed at the panel. A secret until then; kept nowhere afterwards. */
			code: z.optional(
				z.string().check(
					z.maxLength(64),
					z.refine((typed) => readCode(typed) !== null, { error: "no code of a fleet" }),
				),
			),
		}),
	),
	/** Left out: by DHCP. */
	network: z.optional(
		z.strictObject({
			/** With the length of its net: `192.0.2.7/24`. */
			address: z.union([z.cidrv4(), z.cidrv6()]),
			gateway: z.optional(address),
			dns: z.optional(z.array(address).check(z.maxLength(4))),
			ntp: z.optional(z.array(z.string().check(z.regex(/^[A-Za-z0-9.:-]{1,253}$/))).check(z.maxLength(4))),
		}),
	),
	/** Keys of the room's configuration (device/config/room.example.yaml): equipment, scenes, devices. Checked by the room program. */
	room: z.optional(
		z.strictObject({
			devices: z.optional(z.unknown()),
			peripherals: z.optional(z.unknown()),
			scenes: z.optional(z.unknown()),
			farControl: z.optional(z.unknown()),
		}),
	),
});
export type SetUpFile = z.infer<typeof setUpFile>;
