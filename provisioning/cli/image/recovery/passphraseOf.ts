import type { PrivateKey } from "../../../recovery/envelope.ts";
import type { Io } from "../../Io.ts";

/** A passphrase comes from a file or from a person, whom openssl asks itself: it is never ours. Where nobody sits there is none. */
export const passphraseOf = (file: string | undefined, { ask }: Io): PrivateKey["passphrase"] =>
	file === undefined ? (ask ? "asked" : "none") : { file };
