import * as z from "zod/mini";
import { readCode } from "./enrolment.ts";

const url = (scheme: RegExp) => z.string().check(z.regex(scheme), z.maxLength(300));
/** One certificate, and no key beside it by mistake. */
const certificate = z
	.string()
	.check(z.maxLength(8192), z.regex(/^\s*-----BEGIN CERTIFICATE-----\s[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*$/));
const address = z.union([z.ipv4(), z.ipv6()]);
const calendar = z
	.strictObject({
		/** A secret: such links hold a token. */
		url: z.string().check(
			z.maxLength(2000),
			z.refine((value) => {
				const { protocol, username, password } = URL.parse(value) ?? {};
				return protocol === "https:" && username === "" && password === "";
			}),
		),
		user: z.optional(z.string().check(z.regex(/^[^:\p{Cc}\s](?:[^:\p{Cc}]{0,198}[^:\p{Cc}\s])?$/u))),
		password: z.optional(z.string().check(z.regex(/^\S(?:.{0,198}\S)?$/))),
	})
	.check(z.refine(({ user, password }) => (user === undefined) === (password === undefined)));

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
	/** Who else may vouch for servers (X.509, CA:TRUE): rendezvous, calendar, downloads. Never for the fleet's broker, nor for a call. */
	authorities: z.optional(z.array(certificate).check(z.maxLength(8))),
	/** For the holder of this certificate (X.509, PEM) the device makes a key to its data partition. At the first start only (docs/adr/0012). */
	recovery: z.optional(z.strictObject({ certificate })),
	/** Where the rule is wrong (built in, else the smallest): the output that is the panel, as the kernel calls it. The journal has the names. */
	screens: z.optional(z.strictObject({ panel: z.string().check(z.regex(/^[A-Za-z]{1,15}(?:-[A-Z])?-\d{1,2}$/)) })),
	/** Keys of the room's configuration (device/config/room.example.yaml): equipment, scenes, devices. Checked by the room program. */
	room: z.optional(
		z.strictObject({
			/** By its address: a device of the image has no files of anybody. */
			calendar: z.optional(calendar),
			devices: z.optional(z.unknown()),
			peripherals: z.optional(z.unknown()),
			scenes: z.optional(z.unknown()),
			farControl: z.optional(z.unknown()),
		}),
	),
});
export type SetUpFile = z.infer<typeof setUpFile>;
