import { readFile } from "node:fs/promises";
import { LineCounter, parseDocument } from "yaml";
import * as z from "zod/mini";
import { RoomError } from "../../device/core/RoomError.ts";

const path = z.string().check(z.minLength(1));
const port = z.number().check(z.int(), z.gte(0), z.lte(65_535));

/** The service's configuration file, YAML (or JSON, which is YAML). Unknown keys are refused: a misspelt one would be silently off. */
export const serviceConfig = z.strictObject({
	/** Address to listen on. */
	host: z._default(z.string(), "127.0.0.1"),
	port,
	/** PEM files; without them plain HTTP, for loopback or behind a proxy. */
	tls: z.optional(z.strictObject({ certificate: path, key: path })),
	/** Behind a reverse proxy that writes X-Forwarded-For. */
	behindProxy: z._default(z.boolean(), false),
	/** The built guest page. */
	guestFolder: path,
	/** The certification authority's folder and whatever else outlives a restart. */
	stateFolder: path,
	/** A private mosquitto for the rooms; absent: none. */
	broker: z.optional(
		z.strictObject({
			host: z._default(z.string(), "127.0.0.1"),
			port,
			names: z._default(z.array(z.string()), []),
		}),
	),
	/** A TURN server that is run elsewhere, or `loopback: true` for a private coturn on this machine. */
	turn: z.optional(
		z.union([
			z.strictObject({
				urls: z.array(z.string().check(z.regex(/^turns?:/))).check(z.minLength(1), z.maxLength(8)),
				secretFile: path,
			}),
			z.strictObject({ loopback: z.literal(true) }),
		]),
	),
});
export type ServiceConfig = z.infer<typeof serviceConfig>;

/**
 * Reads and checks the file. Errors: `config.unreadable`, and `config.refused` with the `line` and the `key` (its name, never its
 * value) that is at fault.
 */
export async function readServiceConfig(file: string): Promise<ServiceConfig> {
	let text: string;
	try {
		text = await readFile(file, "utf8");
	} catch (cause) {
		throw new RoomError("config.unreadable", "the configuration file can't be read", { cause });
	}
	const lines = new LineCounter();
	const document = parseDocument(text, { lineCounter: lines });
	const [broken] = document.errors;
	if (broken) throw refused(broken.linePos?.[0].line ?? 1, "");
	const parsed = serviceConfig.safeParse(document.toJS({ maxAliasCount: 0 }));
	if (parsed.success) return parsed.data;
	const issue = parsed.error.issues[0];
	const at = [...(issue?.path ?? [])].map(String);
	// An unknown key is named by the issue; where it stands is found like a known one.
	if (issue?.code === "unrecognized_keys" && issue.keys[0] !== undefined) at.push(issue.keys[0]);
	let node = document.getIn(at, true);
	for (let depth = at.length; node === undefined && depth > 0; depth--)
		node = document.getIn(at.slice(0, depth - 1), true);
	const range = node && typeof node === "object" && "range" in node ? (node.range as [number] | null) : null;
	throw refused(range ? lines.linePos(range[0]).line : 1, at.join("."));
}

const refused = (line: number, key: string): RoomError =>
	new RoomError("config.refused", `the configuration is wrong in line ${line}${key ? `: ${key}` : ""}`, {
		context: { line, key },
	});
