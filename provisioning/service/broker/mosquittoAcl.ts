import {
	bootstrapRights,
	deviceRights,
	type Right,
	serviceNamePrefix,
	serviceRights,
	topics,
} from "../../contract/topics.ts";
import { BOOTSTRAP, PROBE } from "./names.ts";

/** Workers that one broker knows; acl_file has no patterns for user names. */
const WORKERS = 32;

/**
 * The broker for devices and workers. Patterns hold for everybody, so they are the devices'; the fleet's own clients have theirs by name,
 * and what the patterns would give them is taken back: in acl_file a denial comes first. (What is left to them: the revocation list,
 * which is public.) mosquitto checks each message, not the subscription: who subscribes to more gets nothing more.
 */
export function deviceAcl(): string {
	const enrolment: Right[] = bootstrapRights.map(({ access, topic }) => ({
		access,
		topic: topic.replace("{self}", "+"),
	}));
	const reversed = enrolment.map(
		({ access, topic }): Right => ({ access: access === "read" ? "write" : "read", topic }),
	);
	return [
		...deviceRights.map(({ access, topic }) => `pattern ${access} ${topic.replace("{self}", "%c")}`),
		...Array.from({ length: WORKERS }, (_, index) => {
			const name = `${serviceNamePrefix}${index + 1}`;
			return user(name, [`ic/1/d/${name}/#`, topics.ring("+", "#")], serviceRights);
		}),
		// The bootstrap broker's line to this one: what its clients may, and no sight of devices.
		user(BOOTSTRAP, ["ic/1/d/#"], enrolment),
		user(
			PROBE,
			["ic/1/d/#"],
			reversed.filter(({ access }) => access === "write"),
		),
		"",
	].join("\n");
}

/** The broker for enrolment: a client's own nonce and nothing else, nobody by name. */
export const bootstrapAcl = (): string =>
	bootstrapRights.map(({ access, topic }) => `pattern ${access} ${topic.replace("{self}", "%c")}\n`).join("");

const user = (name: string, denied: readonly string[], rights: readonly Right[]): string =>
	[
		`user ${name}`,
		...denied.map((topic) => `topic deny ${topic}`),
		...rights.map(({ access, topic }) => `topic ${access} ${topic}`),
	].join("\n");
