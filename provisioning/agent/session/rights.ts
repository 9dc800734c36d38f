import { deviceRights } from "../../contract/topics.ts";

const patterns = new Map<string, RegExp[]>();

/**
 * Whether the broker lets this device write to a topic. Asked before each publish: on a broker that closes the connection of whoever
 * has no right, a message without it would end every connection again.
 */
export function mayPublish(self: string, topic: string): boolean {
	let own = patterns.get(self);
	if (!own) {
		patterns.clear();
		own = deviceRights
			.filter(({ access }) => access === "write")
			.map((right) => new RegExp(`^${right.topic.replace("{self}", self).replaceAll("+", "[^/+#\\0]+")}$`));
		patterns.set(self, own);
	}
	return own.some((pattern) => pattern.test(topic));
}
