import { randomBytes } from "node:crypto";
import { PAYLOAD_VERSION } from "../../contract/envelope.ts";

/** 16 random bytes, base64url. */
export const random16 = (): string => randomBytes(16).toString("base64url");

/** What every message of the service begins with. */
export const newEnvelope = (now: number): { v: typeof PAYLOAD_VERSION; mid: string; ts: number } => ({
	v: PAYLOAD_VERSION,
	mid: random16(),
	ts: now,
});
