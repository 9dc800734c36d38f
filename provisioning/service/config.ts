import * as z from "zod/mini";
import { readYaml } from "../../device/core/readYaml.ts";

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

/** Reads and checks the file. Errors: as `readYaml`. */
export const readServiceConfig = (file: string): Promise<ServiceConfig> => readYaml(file, serviceConfig);
