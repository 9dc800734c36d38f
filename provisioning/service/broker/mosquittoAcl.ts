import { bootstrapRights, deviceRights, type Right, serviceRights, topics } from "../../contract/topics.ts";
import { BOOTSTRAP, PROBE } from "./names.ts";

/**
 * The devices' listener. Patterns hold for everybody there, so they are the devices'; the fleet's own two clients have theirs by name, and
 * what the patterns would give them is taken back: in acl_file a denial comes first.
 *
 * mosquitto checks each message, not the subscription: who subscribes to more gets nothing more. Rights by name are for sessions that end
 * with their connection: 2.0.11 forgets them for a session that is waiting when it reads its files again, and after a restart.
 */
export function deviceAcl(): string {
	const enrolment: Right[] = bootstrapRights.map(({ access, topic }) => ({
		access,
		topic: topic.replace("{self}", "+"),
	}));
	return [
		...deviceRights.map(({ access, topic }) => `pattern ${access} ${topic.replace("{self}", "%c")}`),
		// The bootstrap broker's line to this one: what its clients may, and no sight of devices.
		user(BOOTSTRAP, enrolment),
		// Looks whether that line carries.
		user(PROBE, [{ access: "write", topic: topics.enrolDown("+") }]),
		"",
	].join("\n");
}

/** The workers' listener: patterns without a name in them, so that they hold for a session that is waiting too. */
export const serviceAcl = (): string =>
	serviceRights.map(({ access, topic }) => `pattern ${access} ${topic}\n`).join("");

/** The broker for enrolment: a client's own nonce and nothing else, nobody by name. */
export const bootstrapAcl = (): string =>
	bootstrapRights.map(({ access, topic }) => `pattern ${access} ${topic.replace("{self}", "%c")}\n`).join("");

const user = (name: string, rights: readonly Right[]): string =>
	[`user ${name}`, "topic deny ic/1/d/#", ...rights.map(({ access, topic }) => `topic ${access} ${topic}`)].join("\n");
