import { randomBytes } from "node:crypto";
import type { Clock } from "../../device/core/clock.ts";
import { PAYLOAD_VERSION } from "../contract/envelope.ts";

export const random16 = (): string => randomBytes(16).toString("base64url");

/** What every payload begins with. */
export const envelopeOf = (clock: Clock) => ({ v: PAYLOAD_VERSION, mid: random16(), ts: clock.now() }) as const;
