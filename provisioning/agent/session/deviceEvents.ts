import { encodePayload } from "../../contract/envelope.ts";
import { deviceEvent, type EventData } from "../../contract/events.ts";
import type { FromRoom } from "../../contract/local.ts";
import { topics } from "../../contract/topics.ts";
import { random16 } from "../envelope.ts";
import type { OutboxRow } from "../store/Outbox.ts";

/** An event of this device as it goes into the outbox. `ts`: when it happened. */
export function eventRow<Type extends keyof EventData>(
	self: string,
	type: Type,
	said: { ts: number; data: EventData[Type] },
): OutboxRow {
	const mid = random16();
	const payload = encodePayload(deviceEvent(type), { v: 1, mid, ts: said.ts, data: said.data } as never);
	return { mid, topic: topics.event(self, type), payload };
}

/** An event that the room program told. */
export function roomEvent(self: string, { ts, event }: Extract<FromRoom, { t: "event" }>): OutboxRow {
	return eventRow(self, event.type, { ts, data: event.data as EventData[typeof event.type] });
}
