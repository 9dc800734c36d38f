import { createHash, randomBytes } from "node:crypto";

/** A secret that is shown once and kept as its hash: 32 random bytes, base64url. */
export const newSecret = (): string => randomBytes(32).toString("base64url");

/** Plain SHA-256 suffices: nobody guesses 32 random bytes, so there is nothing to slow down. */
export const hashSecret = (secret: string): Buffer => createHash("sha256").update(secret).digest();

/** Whether a text from outside can be compared with a uuid column; PostgreSQL would answer anything else with an error. */
export const isUuid = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
