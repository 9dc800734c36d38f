import type { SnapshotFrom } from "xstate";
import type { Claim } from "../../contract/local.ts";
import type { DeviceFacts } from "../../contract/twin.ts";
import type { claimMachine } from "./claimMachine.ts";

/** What the room program is told of where the device stands; null: it changes right now, and what it becomes is told next. */
export function claimOf(
	snapshot: SnapshotFrom<typeof claimMachine>,
	own: { facts: DeviceFacts; enrolUrl: string | null; revocationFile: string },
): Claim | null {
	if (snapshot.matches("forgetting")) return null;
	const { membership, failure, since } = snapshot.context;
	const { facts, enrolUrl } = own;
	if (membership && (snapshot.matches({ member: "claimed" }) || snapshot.matches("sessionAgain"))) {
		const { deviceId, generation, files } = membership.identity;
		const identity = { certificate: files.certificate, key: files.key, ca: files.ca, crl: own.revocationFile };
		return { state: "claimed", deviceId, generation, identity, rendezvous: membership.rendezvous };
	}
	const step = snapshot.matches({ enrolling: "connecting" })
		? "connecting"
		: snapshot.matches({ enrolling: "proving" })
			? "proving"
			: snapshot.matches({ enrolling: "waiting" })
				? "waiting"
				: snapshot.matches("joining") || snapshot.matches("member")
					? "confirming"
					: null;
	if (step) return { state: "enrolling", step, since };
	return { state: "unclaimed", failure, facts, enrolUrl };
}
