import * as z from "zod/mini";
import { isLoopback } from "../core/loopback.ts";
import { calendar } from "./calendar.ts";
import { peripherals } from "./peripherals.ts";
import { group, list, matching, must, path, text } from "./primitives.ts";
import { sceneProblems, scenes } from "./scenes.ts";

const panel = group({
	host: z._default(matching(/^[A-Za-z0-9.:-]{1,253}$/, "an address to listen on"), "127.0.0.1"),
	port: z
		.number(must("a port"))
		.check(z.int("must be a whole number"), z.gte(1, "must be 1 to 65535"), z.lte(65535, "must be 1 to 65535")),
	/** Names by which a browser on the network may reach the panel, beside the address. */
	names: z._default(list(matching(/^[a-z0-9.-]{1,253}$/, "a host name in lower case"), 16), []),
	/** What a panel on the network must know once; a secret, 128 bits at least. */
	pairing: z.optional(matching(/^[A-Za-z0-9_-]{22,128}$/, "22 to 128 of A–Z, a–z, 0–9, _ and -")),
}).check(
	z.refine((value) => isLoopback(value.host) || value.pairing !== undefined, {
		path: ["pairing"],
		error: "is needed where the panel listens on a network",
	}),
);

const sourceWords = "must be auto, none, synthetic, {device: …} or {file: …}";
const speakerWords = "must be auto, none or {device: …}";
const sourceText = z
	.string()
	.check(z.regex(/^(?:auto|none|synthetic(?::[a-z0-9-]{1,40})?|device:.{1,200}|file:.{1,1024})$/, sourceWords));
/** `{device: x}` as the engine says it, `device:x`. */
const inOneWord = (value: string | Readonly<Record<string, string>>): string =>
	typeof value === "string" ? value : Object.entries(value).flat().join(":");
const microphone = z._default(
	z.pipe(
		z.union([sourceText, z.strictObject({ device: text(200) }), z.strictObject({ file: path })], sourceWords),
		z.transform((value) => inOneWord(value)),
	),
	"auto",
);
/** `virtual`: the folder of a simulated camera; only devices of a development fleet heed it. */
const camera = z._default(
	z.pipe(
		z.union(
			[
				sourceText,
				z.strictObject({ device: text(200) }),
				z.strictObject({ file: path }),
				z.strictObject({ virtual: path }),
			],
			sourceWords,
		),
		z.transform((value) => inOneWord(value)),
	),
	"auto",
);
/** Where sound comes out: nothing here is made up or read from a file. */
const speaker = z._default(
	z.pipe(
		z.union(
			[
				z.string().check(z.regex(/^(?:auto|none|device:.{1,200})$/, speakerWords)),
				z.strictObject({ device: text(200) }),
			],
			speakerWords,
		),
		z.transform((value) => inOneWord(value)),
	),
	"auto",
);
const devices = group({
	camera,
	microphone,
	speaker,
	display: z._default(z.enum(["auto", "none"], "must be auto or none"), "auto"),
});

/**
 * What belongs to the device and not to the fleet: one YAML file. Name, language, directory and the rest come with the fleet's twin, the
 * identity with enrolment. Every key is here, and none of them reaches the encryption of calls, its gate or who opens
 * a camera: what a file can't say, nobody can be talked into saying there.
 */
export const roomConfig = group({
	panel,
	/** The agent's unix socket. */
	agent: z._default(path, "/run/incamera/agent.sock"),
	/** Today's meetings, from a file or by an address. */
	calendar: z.optional(calendar),
	devices: z.prefault(devices, {}),
	/** What the room drives: cameras that turn, displays, what hangs on the panel bus. */
	peripherals,
	scenes: z.prefault(scenes, {}),
	/** Whether the far end of a call can be allowed to turn this room's camera, by somebody in the room, each time anew. */
	farControl: z._default(z.enum(["never", "ask"], "must be never or ask"), "never"),
	/** Folder for what the room remembers (known keys as salted hashes, pictures of the camera's presets). */
	state: path,
}).check((context) => {
	const { peripherals, scenes } = context.value;
	for (const { path, message } of sceneProblems(peripherals, scenes)) {
		context.issues.push({ code: "custom", path, message, input: scenes });
	}
});
export type RoomConfig = z.infer<typeof roomConfig>;
