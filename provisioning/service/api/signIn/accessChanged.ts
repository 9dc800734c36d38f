import type { Db } from "../../db/Database.ts";
import { notify } from "../../db/Notifications.ts";

/** Heard by whoever has lines open: a session, a token or a role ended or changed, so each is to be asked about again. */
export const ACCESS_CHANNEL = "access";

export const accessChanged = (trx: Db): Promise<void> => notify(trx, ACCESS_CHANNEL, "");
