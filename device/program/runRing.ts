import type { FailureReason } from "../contract/failure.ts";
import { RoomError } from "../core/RoomError.ts";
import { createLink, formatLink } from "../meeting/link.ts";
import type { RoomRinger } from "../ringing/RoomRinger.ts";
import type { RingEvent, RingInput } from "../room/ports.ts";

/** One outgoing ring as the room machine knows it. Stopping it takes the ring back, unless it was answered. */
export function runRing(
	{ room }: RingInput,
	say: (event: RingEvent) => void,
	surroundings: { ringer: RoomRinger; rendezvous: string; caPin: Uint8Array<ArrayBuffer> },
): { stop(): void } {
	const cancel = new AbortController();
	void ring();
	return { stop: () => cancel.abort() };

	async function ring(): Promise<void> {
		const { ringer, rendezvous, caPin } = surroundings;
		try {
			const link = formatLink(createLink({ origin: rendezvous, caPin }));
			const outcome = await ringer.ring(room, link, { signal: cancel.signal });
			if (cancel.signal.aborted) return;
			if (typeof outcome === "object") say({ type: "ring.answered", link: outcome.met });
			else if (outcome === "answered") say({ type: "ring.answered", link });
			else if (outcome !== "cancelled") say({ type: `ring.${outcome}` });
		} catch (thrown) {
			if (!cancel.signal.aborted) say({ type: "ring.failed", failure: reasonOf(thrown) });
		}
	}
}

function reasonOf(thrown: unknown): FailureReason {
	const { code } = RoomError.from(thrown, "ring.refused");
	return code === "ring.broker_unreachable" || code === "ring.room_offline" ? code : "ring.refused";
}
