import * as z from "zod/mini";

/** Why nothing was installed, by what a technician does about it: another stick, another disk, another set-up file, or telling us. */
export const installFaults = ["stick", "disk", "setup_file", "unexpected"] as const;
export type InstallFault = (typeof installFaults)[number];

/** What is done after the choice, in this order. */
export const installSteps = ["checking", "writing", "reading"] as const;
export type InstallStep = (typeof installSteps)[number];

const disk = z.object({
	/** As the kernel calls it: `nvme0n1`. */
	name: z.string(),
	model: z.nullable(z.string()),
	bytes: z.number(),
	removable: z.boolean(),
	/** What would be lost: a device's system, something else, or nothing that is known. */
	holds: z.enum(["incamera", "other", "nothing"]),
	/** Why it can't be chosen: a code, `flash.…`. */
	refused: z.nullable(z.string()),
});
export type InstallDisk = z.infer<typeof disk>;

/** How far the installer is, as its page is told (image/root/programs/installer). */
export const installation = z.object({
	/** Of the firmware that the stick brings. */
	version: z.string(),
	state: z.discriminatedUnion("is", [
		z.object({ is: z.literal("choosing") }),
		/** `done`: of this step, 0 to 1. */
		z.object({ is: z.literal("busy"), step: z.enum(installSteps), done: z.number(), disk: z.string() }),
		/** `prepared`: with the set-up file of the stick. */
		z.object({ is: z.literal("installed"), disk: z.string(), prepared: z.boolean() }),
		z.object({ is: z.literal("failed"), fault: z.enum(installFaults), code: z.string() }),
	]),
	disks: z.array(disk),
});
export type Installation = z.infer<typeof installation>;

/** What the page asks for: writing over a disk. */
export const installWish = z.object({ disk: z.string().check(z.regex(/^[a-z0-9!_-]{1,32}$/i)) });
