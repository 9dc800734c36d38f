import * as z from "zod/mini";

/**
 * The rendezvous' wire: JSON text frames on a WebSocket at `/rendezvous`. The server routes among the members of one meeting and
 * can read nothing: `hello` and `sealed` are AES-256-GCM under a key from the link's fragment, which it never sees.
 */
export const RENDEZVOUS_VERSION = 1;
export const RENDEZVOUS_PATH = "/rendezvous";
/** CA certificate and revocation list, PEM, or 204. */
export const REVOCATIONS_PATH = "/revocations.pem";

export const limits = {
	/** Members of one meeting; a further one is told `rendezvous.meeting_full`. */
	members: 2,
	/** Bytes of one frame. An SDP with all candidates stays far below. */
	frameBytes: 64 * 1024,
	/** Messages in a burst, and a second when steady, of one member. */
	burst: 200,
	perSecond: 50,
} as const;

const base64url = (max: number) => z.string().check(z.regex(/^[A-Za-z0-9_-]+$/), z.maxLength(max));
/** 16 random bytes, base64url without padding. */
export const meetingId = z.string().check(z.regex(/^[A-Za-z0-9_-]{22}$/));
export const memberId = z.string().check(z.regex(/^[A-Za-z0-9_-]{1,32}$/));
const sealed = base64url(limits.frameBytes);
const hello = base64url(4096);

export const clientFrame = z.discriminatedUnion("t", [
	z.object({ t: z.literal("join"), v: z.number(), mid: meetingId, hello }),
	z.object({ t: z.literal("send"), to: memberId, sealed }),
	z.object({ t: z.literal("ping") }),
]);
export type ClientFrame = z.infer<typeof clientFrame>;

export const iceServer = z.object({
	urls: z.array(z.string().check(z.maxLength(512))).check(z.maxLength(8)),
	username: z.optional(z.string().check(z.maxLength(256))),
	credential: z.optional(z.string().check(z.maxLength(256))),
});
const member = z.object({ id: memberId, hello });

export const rendezvousErrorCode = z.enum([
	"rendezvous.meeting_full",
	"rendezvous.version_unknown",
	"rendezvous.malformed",
	"rendezvous.too_large",
	"rendezvous.too_fast",
	"rendezvous.not_joined",
	"rendezvous.no_such_member",
	"rendezvous.too_many_meetings",
]);
export type RendezvousErrorCode = z.infer<typeof rendezvousErrorCode>;

export const serverFrame = z.discriminatedUnion("t", [
	/** First answer to `join`: who is there already (they came before us), and the ICE servers with short-lived TURN credentials. */
	z.object({ t: z.literal("joined"), you: memberId, members: z.array(member), ice: z.array(iceServer) }),
	z.object({ t: z.literal("member"), id: memberId, hello }),
	z.object({ t: z.literal("left"), id: memberId }),
	z.object({ t: z.literal("message"), from: memberId, sealed }),
	z.object({ t: z.literal("error"), code: rendezvousErrorCode }),
	z.object({ t: z.literal("pong") }),
]);
export type ServerFrame = z.infer<typeof serverFrame>;
