import { topics } from "../../contract/topics.ts";
import type { Db } from "../db/Database.ts";
import { enqueue } from "../db/Outbound.ts";

/** Takes back what the broker keeps of devices that are no longer in the fleet. */
export async function clearRetained(trx: Db, devices: readonly string[]): Promise<void> {
	const kept = [topics.presence, topics.twinDesired, topics.twinReported, topics.jobNext];
	await enqueue(
		trx,
		devices.flatMap((id) => kept.map((topic) => ({ topic: topic(id), payload: new Uint8Array(), retain: true }))),
	);
}
