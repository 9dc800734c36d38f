import * as z from "zod/mini";

/**
 * The first topics of the fleet (design: fleet.md). `id` is the CN of a device certificate; the broker forces it to be user name
 * and client id, so `ring/{from}` proves who wrote (docs/adr/0004). All QoS 1.
 *
 * ```
 * ic/1/d/{id}/presence      retained + last will   presence
 * ic/1/d/{to}/ring/{from}   device → device        ringFrame, never retained, expires
 * ```
 */
export const deviceId = z.string().check(z.regex(/^[a-z0-9-]{8,40}$/));

export const topics = {
	presence: (id: string) => `ic/1/d/${id}/presence`,
	ring: (to: string, from: string) => `ic/1/d/${to}/ring/${from}`,
	/** Subscription to all that ring `to`. */
	rings: (to: string) => `ic/1/d/${to}/ring/+`,
} as const;

export type Topic = { kind: "presence"; id: string } | { kind: "ring"; to: string; from: string };

/** The topic's parts, or null if it is none of ours. */
export function parseTopic(topic: string): Topic | null {
	const [root, version, kind, id, leaf, from, ...more] = topic.split("/");
	if (root !== "ic" || version !== "1" || kind !== "d" || !deviceId.safeParse(id).success || more.length > 0)
		return null;
	if (leaf === "presence" && from === undefined) return { kind: "presence", id: id as string };
	if (leaf === "ring" && deviceId.safeParse(from).success) {
		return { kind: "ring", to: id as string, from: from as string };
	}
	return null;
}

/**
 * What a device may do on the broker, and nothing else. `{self}` stands for its own id; an adapter writes it in the broker's form.
 * `read` allows receiving, `write` publishing. Any device of the fleet may see who is online.
 */
export const deviceRights: readonly { access: "read" | "write"; topic: string }[] = [
	{ access: "write", topic: topics.presence("{self}") },
	{ access: "read", topic: topics.presence("+") },
	{ access: "write", topic: topics.ring("+", "{self}") },
	{ access: "read", topic: topics.rings("{self}") },
];
