import { randomBytes } from "node:crypto";
import type { MqttClient } from "mqtt";
import { topics } from "../../contract/topics.ts";
import type { FleetCa } from "../ca/FleetCa.ts";
import { type BrokerAddress, connectOnce } from "./clientChecks.ts";
import { PROBE } from "./names.ts";

/** Whether our broker, and no other program, takes a client there. Never throws. */
export async function answers(ca: FleetCa, devices: BrokerAddress): Promise<boolean> {
	try {
		const client = await connectOnce(devices, await ca.issuePart("probe", { days: 1 }), PROBE);
		await client.endAsync(true);
		return true;
	} catch {
		return false;
	}
}

const CARRY_MS = 1000;
const REPEAT_MS = 50;

/** Whether a message from the devices' broker gets to somebody on the bootstrap listener. Never throws. */
export async function carries(ca: FleetCa, devices: BrokerAddress, bootstrap: BrokerAddress): Promise<boolean> {
	const nonce = randomBytes(16).toString("hex");
	const topic = topics.enrolDown(nonce);
	const clients: MqttClient[] = [];
	try {
		const somebody = await connectOnce(bootstrap, null, nonce);
		clients.push(somebody);
		let heard = false;
		somebody.once("message", () => {
			heard = true;
		});
		await somebody.subscribeAsync(topic, { qos: 1 });
		const probe = await connectOnce(devices, await ca.issuePart("probe", { days: 1 }), PROBE);
		clients.push(probe);
		// The line between the two may be there a moment later.
		for (const until = Date.now() + CARRY_MS; !heard && Date.now() < until; ) {
			await probe.publishAsync(topic, "", { qos: 1 });
			await new Promise((resolve) => setTimeout(resolve, REPEAT_MS));
		}
		return heard;
	} catch {
		return false;
	} finally {
		for (const client of clients) await client.endAsync(true);
	}
}
