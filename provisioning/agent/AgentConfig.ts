import * as z from "zod/mini";
import { readYaml } from "../../device/core/readYaml.ts";

const path = z.string().check(z.minLength(1));
const url = (scheme: RegExp) => z.string().check(z.regex(scheme), z.maxLength(300));

/** The agent's configuration file, YAML. All the rest comes with the twin, once the device is claimed. */
const keys = z.strictObject({
	/** Identity, twin, outbox and job: what outlives a restart. 0700, on the encrypted data partition. */
	stateFolder: path,
	/** The unix socket that the room program connects to. */
	socket: path,
	bootstrap: z.strictObject({
		/** The broker's listener for devices that nobody owns yet. */
		url: url(/^mqtts:\/\/[^\s/]+$/),
		/** What the panel's QR opens while nobody does. */
		enrolUrl: z.optional(url(/^https?:\/\//)),
		/** A code that a technician brought, in a file that is removed once it was used. */
		codeFile: z.optional(path),
	}),
	facts: z.strictObject({
		model: z.string().check(z.minLength(1), z.maxLength(80)),
		serial: z.string().check(z.minLength(1), z.maxLength(80)),
	}),
	/** Who installs firmware; absent: nobody, and such jobs are rejected. Said here, not found out: a laptop may have a RAUC, too. */
	firmware: z.optional(z.enum(["simulated", "rauc"])),
	/** Root metadata of the image repository, a part of the verified firmware: what it does not lead to is not installed. Needed by `rauc`. */
	updateRoot: z.optional(path),
	/** Where USB sticks are mounted, each in a folder of its own: what they bring is offered at the panel. Absent: nobody looks. */
	sticks: z.optional(path),
	/** A file that appears here resets the device (`incamera-reset.path`), and the panel offers it. Absent: nobody here can. */
	reset: z.optional(path),
	/**
	 * A file by which a support bundle is wished for onto one of the `sticks`, and the one that says what became of it (`incamera-support.path`).
	 * Absent: nobody here can.
	 */
	support: z.optional(z.strictObject({ wish: path, outcome: path })),
	/** Of downloads, at most; less while the room is in a call. Absent: 4000. */
	downloadKilobytesPerSecond: z.optional(z.number().check(z.gte(32), z.lte(1_000_000))),
});
export const agentConfig = keys.check(
	z.refine(({ firmware, updateRoot }) => firmware !== "rauc" || updateRoot !== undefined, {
		error: "firmware: rauc needs updateRoot",
		path: ["updateRoot"],
	}),
);
export type AgentConfig = z.infer<typeof agentConfig>;

/** Reads and checks the file. Errors: `config.unreadable`, `config.refused` (context: line and key). */
export const readAgentConfig = (file: string): Promise<AgentConfig> => readYaml(file, agentConfig);
