import * as z from "zod/mini";
import { moment, role } from "./shapes.ts";

/**
 * Under the service's state folder: a unix socket that speaks HTTP, for whoever has this machine. `POST /invitations` makes an invitation
 * without anybody being signed in: for the first admin, and for the day when no admin has their passkey any longer.
 */
export const LOCAL_DOOR = "local/door.sock";

export const localInvitationRequest = z.strictObject({ role });
export const localInvitation = z.object({ url: z.string(), expiresAt: moment });
export type LocalInvitation = z.infer<typeof localInvitation>;
