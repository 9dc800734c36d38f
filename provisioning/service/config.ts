import * as z from "zod/mini";
import { isProtected } from "../../device/core/loopback.ts";
import { readYaml } from "../../device/core/readYaml.ts";

const path = z.string().check(z.minLength(1));
const port = z.number().check(z.int(), z.gte(0), z.lte(65_535));

const mqtts = z.string().check(z.regex(/^mqtts:\/\/[^/]+$/), z.maxLength(300));

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
			/** For the service's workers, on loopback; absent: a free one. */
			servicePort: z.optional(port),
			/** Where devices that are nobody's yet come to enrol, with a code; absent: nowhere. */
			bootstrap: z.optional(z.strictObject({ port })),
			/** Not as our children but in the system's units, which read their files in `folder`: docs/operations.md. */
			system: z.optional(
				z.strictObject({
					folder: z._default(path, "/var/lib/incamera-broker"),
					dataFolder: z._default(path, "/var/lib/mosquitto"),
					/** Where workers of other machines come; absent: loopback, they can't. */
					serviceHost: z.optional(z.string()),
				}),
			),
		}),
	),
	/** Fleet service: enrolment, twins, commands, rollouts, API and console. */
	fleet: z.optional(
		z.strictObject({
			/** This installation's name, for people. */
			name: z._default(z.string().check(z.minLength(1), z.maxLength(80)), "InCamera"),
			/** Where people open the console: `https://fleet.example.org`, or `http://localhost:8080` on one machine. */
			origin: z.string(),
			/** The built console; absent: API only. */
			consoleFolder: z.optional(path),
			/**
			 * The image repository (`incamera image repo`), which is served at `/firmware/`; `url`: where devices find it instead (a cache, a static
			 * server), without a slash at its end.
			 */
			firmware: z.optional(
				z.strictObject({
					folder: path,
					url: z.optional(z.string().check(z.regex(/^https?:\/\/[^?#]+[^/?#]$/), z.maxLength(500))),
				}),
			),
			/** Where rooms hold their meetings, an origin: `https:`, or on this very machine. No room takes another. */
			rendezvous: z.string().check(
				z.regex(/^https?:\/\/[A-Za-z0-9.:[\]-]{1,253}$/),
				z.refine((origin) => {
					const url = URL.parse(origin);
					return url !== null && isProtected(url);
				}),
			),
			/** A PostgreSQL that is run elsewhere (`ownerUrl`: by the role that owns the tables); absent: a private one. */
			database: z.optional(z.strictObject({ url: z.string(), ownerUrl: z.optional(z.string()) })),
			/** A broker that is run elsewhere, instead of `broker`. */
			broker: z.optional(
				z.strictObject({ url: mqtts, serviceUrl: mqtts, bootstrapUrl: z._default(z.nullable(mqtts), null) }),
			),
			/** How rooms reach the brokers, in the order to be tried; absent: as this service does. */
			brokers: z.optional(z.array(mqtts).check(z.minLength(1), z.maxLength(8))),
			/** Worker processes on this machine, and the number of the first: no two workers of a fleet have the same. */
			workers: z._default(z.number().check(z.int(), z.gte(1), z.lte(16)), 1),
			/** Who may read `/metrics`: who has a token with the scope `metrics`, or also programs on this machine (never behind a proxy). */
			metrics: z._default(z.enum(["token", "loopback"]), "token"),
			firstWorker: z._default(z.number().check(z.int(), z.gte(1)), 1),
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
