import * as z from "zod/mini";

/** What a person reads behind the key's name; "is missing" where nothing was written. */
const must = (be: string) => ({
	error: (issue: { input?: unknown }) => (issue.input === undefined ? "is missing" : `must be ${be}`),
});

const text = (most: number) =>
	z
		.string(must("a text"))
		.check(z.trim(), z.minLength(1, "must not be empty"), z.maxLength(most, `must be at most ${most} characters`));
const bool = z.boolean(must("true or false"));
const matching = (pattern: RegExp, be: string) => z.string(must(be)).check(z.regex(pattern, `must be ${be}`));
const list = <T extends z.ZodMiniType>(element: T, most: number) =>
	z.array(element, must("a list")).check(z.maxLength(most, `must have at most ${most} entries`));
const group = <T extends z.core.$ZodLooseShape>(shape: T) => z.strictObject(shape, must("a group of keys"));

const loopbackNames = ["localhost", "127.0.0.1", "[::1]", "::1"];
const isLoopback = (host: string) => loopbackNames.includes(host) || /^127\.\d+\.\d+\.\d+$/.test(host);

/** CN of the device certificate: the fleet's name for this room. */
const id = matching(/^[a-z0-9-]{8,40}$/, "8 to 40 of a–z, 0–9 and -");
/** Relative paths start from the file's own folder. */
const path = text(1024);

const timeZone = text(64).check(
	z.refine((name) => {
		try {
			return Boolean(new Intl.DateTimeFormat("en", { timeZone: name }));
		} catch {
			return false;
		}
	}, "must be a time zone such as Europe/Berlin"),
);

/** Signalling is sealed in any case, but the guest page comes from there: without TLS only on this very machine. */
const rendezvous = z.pipe(
	z.string(must("an address such as https://meet.example.org")).check(
		z.refine((address) => {
			const url = URL.parse(address);
			if (!url || url.username || url.password || url.search || url.hash || url.pathname !== "/") return false;
			return url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname));
		}, "must be an address such as https://meet.example.org, without a path (http only for this machine)"),
	),
	z.transform((address) => new URL(address).origin),
);

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

const broker = group({
	url: z.string(must("an address such as mqtts://broker.example.org")).check(
		z.refine((address) => {
			const url = URL.parse(address);
			return url?.protocol === "mqtts:" && url.hostname !== "" && !url.username && !url.password;
		}, "must be an address such as mqtts://broker.example.org:8883, with TLS and without a password"),
	),
});

/** Which certificates this room shows and trusts. That it does is no choice: there is no key that turns any of it off. */
const identity = group({ certificate: path, key: path, ca: path, crl: z.optional(path) });

const sourceWords = "must be auto, none, synthetic, {device: …} or {file: …}";
const speakerWords = "must be auto, none or {device: …}";
const source = z._default(
	z.pipe(
		z.union(
			[
				z
					.string()
					.check(z.regex(/^(?:auto|none|synthetic(?::[a-z0-9-]{1,40})?|device:.{1,200}|file:.{1,1024})$/, sourceWords)),
				z.strictObject({ device: text(200) }),
				z.strictObject({ file: path }),
			],
			sourceWords,
		),
		z.transform((value) =>
			typeof value === "string" ? value : "file" in value ? `file:${value.file}` : `device:${value.device}`,
		),
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
		z.transform((value) => (typeof value === "string" ? value : `device:${value.device}`)),
	),
	"auto",
);
const devices = group({
	camera: source,
	microphone: source,
	speaker,
	display: z._default(z.enum(["auto", "none"], "must be auto or none"), "auto"),
});

const directory = list(group({ id, name: text(80) }), 1000).check(
	z.check(({ value, issues }) => {
		const seen = new Set<string>();
		for (const [at, room] of value.entries()) {
			const path = [at, "id"];
			if (seen.has(room.id)) issues.push({ code: "custom", input: room.id, path, message: "is there twice" });
			seen.add(room.id);
		}
	}),
);

/**
 * One room's configuration: one YAML file. Every key is here, and none of them reaches the encryption of calls, its gate or who opens
 * a camera: what a file can't say, nobody can be talked into saying there.
 */
export const roomConfig = group({
	id,
	name: text(80),
	seats: z.optional(
		z
			.number(must("a number"))
			.check(z.int("must be a whole number"), z.gte(1, "must be 1 to 1000"), z.lte(1000, "must be 1 to 1000")),
	),
	locale: z._default(z.enum(["de", "en"], "must be de or en"), "en"),
	timeZone,
	panel,
	rendezvous,
	identity,
	broker: z.optional(broker),
	directory: z._default(directory, []),
	calendar: z.optional(group({ ics: path })),
	showTitles: z._default(bool, false),
	devices: z.prefault(devices, {}),
	/** Folder for what the room remembers (known keys as salted hashes). */
	state: path,
});
export type RoomConfig = z.infer<typeof roomConfig>;
