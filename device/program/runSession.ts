import { isDeepStrictEqual } from "node:util";
import type { FarEnd } from "../contract/snapshot.ts";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import { RoomError } from "../core/RoomError.ts";
import type { OwnIdentity, Trust } from "../meeting/identity.ts";
import { createLink, formatLink, type Link, parseLink } from "../meeting/link.ts";
import { type Connected, Meeting } from "../meeting/Meeting.ts";
import type { FarMedia, PeerFactory } from "../meeting/Peer.ts";
import type { ReplayCache } from "../meeting/ReplayCache.ts";
import type { KnownKeys } from "../privacy/KnownKeys.ts";
import { unknownFarEnd } from "../room/context.ts";
import type { SessionEvent, SessionInput } from "../room/ports.ts";
import type { RunningSession } from "../room/Room.ts";

export interface SessionSurroundings {
	identity: OwnIdentity;
	trust: Trust;
	/** The room's name, as the far end shall draw it. */
	name: string;
	/** Origin of the rendezvous on which this room meets. */
	rendezvous: string;
	createPeer: PeerFactory;
	replays: ReplayCache;
	knownKeys: KnownKeys;
	/** Whether the rendezvous can be reached, as the meeting finds out. */
	onRendezvous(connected: boolean): void;
	clock: Clock;
	log: Log;
}

type SessionEventWithoutKey = Omit<Extract<SessionEvent, { type: "session.connected" }>, "key">;

/** One meeting as the room machine knows it: the machine decides, `Meeting` acts, this translates. */
export function runSession(
	{ link: text, origin, wish }: SessionInput,
	say: (event: SessionEvent) => void,
	surroundings: SessionSurroundings,
): RunningSession {
	let link: Link;
	try {
		// only no link at all asks for a new meeting: an empty one is a wrong one
		link =
			text === null
				? createLink({ origin: surroundings.rendezvous, caPin: surroundings.trust.caPin })
				: parseLink(text, { hosts: [new URL(surroundings.rendezvous).host] });
	} catch (thrown) {
		const { code } = RoomError.from(thrown, "link.invalid");
		const known = code === "link.other_host" || code === "link.version_unknown" ? code : "link.invalid";
		// said after the machine has its actor
		queueMicrotask(() => say({ type: "session.failed", failure: known }));
		return { tell() {}, stop() {} };
	}

	let far: FarEnd = unknownFarEnd(origin);
	let told: FarMedia = { ...wish, turn: null };
	const { clock, log, knownKeys } = surroundings;
	const meeting = new Meeting({
		link,
		identity: surroundings.identity,
		name: surroundings.name,
		trust: surroundings.trust,
		createPeer: surroundings.createPeer,
		replays: surroundings.replays,
		media: wish,
		prepare: true,
		clock,
	});

	async function connected(session: Connected): Promise<void> {
		far = { ...far, name: session.far.name, kind: session.far.kind };
		const event = {
			type: "session.connected" as const,
			far,
			security: session.security,
			code: [...session.sas.indices],
			sameFarEnd: session.again,
		} satisfies SessionEventWithoutKey;
		// a slow disk must not hold the picture back: the memory of keys comes after
		say({ ...event, key: null });
		try {
			const key = await knownKeys.meet(session.keyFingerprint);
			if (current === session) say({ ...event, far, key, sameFarEnd: true });
		} catch {
			log.write("warn", "error.unexpected", { code: "privacy.known_keys_unwritable" });
		}
	}
	let current: Connected | null = null;

	const { events } = meeting;
	events.on("rendezvous", ({ connected: reachable }) => surroundings.onRendezvous(reachable));
	events.on("alone", () => say({ type: "session.alone", guestLink: formatLink(link) }));
	events.on("securing", () => say({ type: "session.securing" }));
	events.on("connected", (session) => {
		current = session;
		void connected(session);
	});
	events.on("farMedia", (media) => {
		const { microphone, camera } = media;
		far = { ...far, microphone, camera };
		say({ type: "session.far_media", microphone, camera });
	});
	events.on("farTurn", (wish) => say({ type: "session.far_turn", wish }));
	events.on("recovering", () => {
		current = null;
		say({ type: "session.recovering" });
	});
	events.on("ended", ({ reason }) => {
		current = null;
		say({ type: "session.ended", end: reason });
	});
	events.on("failed", ({ code }) => {
		current = null;
		log.write("warn", "call.refused", { code });
		say({ type: "session.failed", failure: code });
	});
	queueMicrotask(() => meeting.start());

	return {
		tell(command) {
			if (command.type === "session.compare") {
				meeting.compareCode(command.same);
				return;
			}
			const { microphone, camera, turn } = command;
			const next = { microphone, camera, turn };
			// the room says so whenever something may have changed
			if (isDeepStrictEqual(next, told)) return;
			told = next;
			meeting.setMedia(next);
		},
		stop() {
			events.clear();
			meeting.leave();
			// outside a meeting nobody asks the rendezvous, so nothing is known to be missing
			surroundings.onRendezvous(true);
		},
	};
}
