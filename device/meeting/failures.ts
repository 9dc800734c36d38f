import { RoomError } from "../core/RoomError.ts";

/** How a meeting can fail: each is also a reason that the panel has words for. */
export type MeetingFailure =
	| "call.no_answer"
	| "call.no_path"
	| "call.far_end_vanished"
	| "call.connection_lost"
	| "media.engine_failed"
	| "rendezvous.unreachable"
	| "rendezvous.meeting_full"
	| "rendezvous.refused"
	| SecurityFailure;

export const securityFailures = [
	"call.peer_certificate_mismatch",
	"call.codes_differ",
	"call.handshake_refused",
	"call.certificate_untrusted",
	"call.certificate_revoked",
	"call.certificate_expired",
	"call.sdp_refused",
	"call.replayed",
	"call.clock_wrong",
	"call.version_unknown",
] as const;

/** Each ends the meeting, before or without any media, and is never retried. */
export type SecurityFailure = (typeof securityFailures)[number];

export function isSecurityFailure(code: string): code is SecurityFailure {
	return (securityFailures as readonly string[]).includes(code);
}

/** What in a handshake did not hold; goes into `context.check`, for the log and the tests. */
export type HandshakeCheck =
	| "signature"
	| "commitment"
	| "transcript"
	| "identity_changed"
	| "own_identity"
	| "kind"
	| "key";

export const handshakeRefused = (check: HandshakeCheck): RoomError<SecurityFailure> =>
	new RoomError("call.handshake_refused", "The handshake does not hold", { context: { check } });

/** What can't be read or is out of place is dropped and counted: it proves nothing about the far end. */
export const malformed = (): RoomError => new RoomError("meeting.malformed", "A message could not be read");
export const stale = (): RoomError =>
	new RoomError("meeting.stale", "A message of another call, a repeated or a late one");
