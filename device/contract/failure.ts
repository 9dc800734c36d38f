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
	// calling a room
	"ring.broker_unreachable",
	"ring.room_offline",
	"ring.refused",
	// the room itself
	"room.unexpected",
]);
export type FailureReason = z.infer<typeof failureReason>;

/** Why today's meetings are not those of now: what is there is no calendar, nobody answers, the certificate or the address is no good. */
export const calendarFailure = z.enum([
	"calendar.unreadable",
	"calendar.unreachable",
	"calendar.untrusted",
	"calendar.denied",
]);
export type CalendarFailure = z.infer<typeof calendarFailure>;

/** How a call ended, when nothing failed. */
export const endReason = z.enum(["left", "far_end_left", "cancelled", "declined_here"]);
export type EndReason = z.infer<typeof endReason>;

/**
 * Why this device is not in service: how the last try to enrol it ended, or what stands against the room itself. Each has a sentence
 * and a next step on the panel.
 */
export const serviceTrouble = z.enum([
	"enrol.code_malformed",
	"enrol.code_wrong",
	"enrol.code_locked",
	"enrol.too_many",
	"enrol.unreachable",
	"enrol.fleet_not_proved",
	"enrol.not_confirmed",
	"enrol.csr_refused",
	"enrol.out_of_order",
	"enrol.version_unknown",
	"enrol.failed",
	/** The agent, which holds the line to the fleet, does not run on this device. */
	"agent.unreachable",
	/** What the fleet gave us is not to be used: certificate and key, or the configuration. */
	"room.identity_refused",
	"room.twin_refused",
]);
export type ServiceTrouble = z.infer<typeof serviceTrouble>;
