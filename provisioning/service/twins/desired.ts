import { encodePayload } from "../../contract/envelope.ts";
import { topics } from "../../contract/topics.ts";
import { type TwinDoc, twinDesired } from "../../contract/twin.ts";
import { newEnvelope } from "../bus/message.ts";
import type { OutboundMessage } from "../db/Outbound.ts";

/** The first document of a room: updates at night, nothing shown that need not be. */
export const firstTwin = (room: TwinDoc["room"]): TwinDoc => ({
	room,
	directory: [],
	rendezvous: null,
	showTitles: false,
	update: { window: { days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], from: "01:00", to: "05:00" } },
});

/** `bulk`: one of many, that may wait for those that are not. */
export function desiredMessage(
	{ id, rev, doc }: { id: string; rev: number; doc: TwinDoc },
	now: number,
	bulk = false,
): OutboundMessage {
	const payload = encodePayload(twinDesired, { ...newEnvelope(now), rev, doc });
	return { topic: topics.twinDesired(id), payload, retain: true, bulk };
}
