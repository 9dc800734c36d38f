import * as z from "zod/mini";
import { envelope, random16, timestamp } from "./envelope.ts";

/**
 * What the service may ask of a device at once. Nothing here opens a camera or a microphone, answers or starts a call. (Rooms ring each
 * other on a topic of their own that the service may not write: docs/adr/0004.)
 */
export const command = z.discriminatedUnion("op", [
	/** The panel shows the number, large, for some seconds: which of these devices is it? */
	z.object({
		op: z.literal("identify"),
		args: z.object({
			number: z.number().check(z.int(), z.gte(1), z.lte(9999)),
			seconds: z.number().check(z.int(), z.gte(1), z.lte(600)),
		}),
	}),
	/** Starts the room program anew; refused in a call (409) unless it ends first. */
	z.object({ op: z.literal("restart"), args: z.object({}) }),
	/** The doctor's checks; the body has them. */
	z.object({ op: z.literal("doctor"), args: z.object({}) }),
	/** Forgets fleet, key and all data, and is unclaimed again; refused in a call (409). */
	z.object({ op: z.literal("unenrol"), args: z.object({}) }),
]);
export type Command = z.infer<typeof command>;
export type CommandOp = Command["op"];

/** `mid` is what the response is matched by. */
export const commandRequest = z.intersection(
	z.object({ ...envelope, /** From then on it is answered 408 and not done. */ exp: timestamp }),
	command,
);
export type CommandRequest = z.infer<typeof commandRequest>;

/** HTTP's numbers: 200 done, 202 under way, 400 not understood, 408 came too late, 409 not now, 500 failed, 501 unknown. */
export const commandStatus = z.union([
	z.literal(200),
	z.literal(202),
	z.literal(400),
	z.literal(408),
	z.literal(409),
	z.literal(500),
	z.literal(501),
]);
export type CommandStatus = z.infer<typeof commandStatus>;

/** One check of `incamera doctor`, without machine paths or names. */
export const doctorCheck = z.object({
	name: z.string().check(z.maxLength(80)),
	status: z.enum(["ok", "warning", "failed", "skipped"]),
	code: z.nullable(z.string().check(z.maxLength(80))),
	advice: z.nullable(z.string().check(z.maxLength(400))),
});

export const commandResponse = z.object({
	...envelope,
	/** The request's `mid`. */
	re: random16,
	status: commandStatus,
	/** A code where the status is 400 or more. */
	code: z.optional(z.string().check(z.maxLength(80))),
	checks: z.optional(z.array(doctorCheck).check(z.maxLength(60))),
});
export type CommandResponse = z.infer<typeof commandResponse>;
