import * as z from "zod/mini";

/**
 * Why something did not work, as a closed union: each has a sentence in both languages in `ui/kit/i18n` (a missing one does not
 * compile) with what a person can do next. The code is what a person reads to IT on the phone.
 */
export const failureReason = z.enum([
	// the far end and the path to it
	"call.no_answer",
	"call.declined",
	"call.busy",
	"call.far_end_vanished",
	"call.connection_lost",
	"call.no_path",
	// security: each of these ended the call before or without any media
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
	// rendezvous
	"rendezvous.unreachable",
	"rendezvous.meeting_full",
	"rendezvous.refused",
	// link
	"link.invalid",
	"link.other_host",
	"link.version_unknown",
	// media
	"media.engine_failed",
	"media.camera_busy",
	"media.camera_denied",
	"media.microphone_busy",
	"media.microphone_denied",
	// calling a room
	"ring.broker_unreachable",
	"ring.room_offline",
	"ring.refused",
	// the room itself
	"room.unexpected",
]);
export type FailureReason = z.infer<typeof failureReason>;

/** How a call ended, when nothing failed. */
export const endReason = z.enum(["left", "far_end_left", "cancelled", "declined_here"]);
export type EndReason = z.infer<typeof endReason>;
