/** Why a certificate counts for nothing any more: a newer one is in use, nobody ever confirmed it, or what became of its device. */
export type RevocationReason =
	| "superseded"
	| "unconfirmed"
	| "retired"
	| "lost"
	| "stolen"
	| "compromised"
	| "replaced"
	| "other";

export interface RevokedCertificate {
	/** Lower-case hex. */
	serial: string;
	/** When it was revoked, ms since the epoch. */
	at: number;
	/** The certificate's own end, ms since the epoch: from then on the list need not name it (RFC 5280 section 5). */
	expires: number;
	/** A `RevocationReason`, unless an older or newer version wrote it. */
	reason: string;
}

/** A signed list. */
export interface RevocationList {
	/** CRL number (RFC 5280 section 5.2.3): grows with each list. */
	number: number;
	pem: string;
}

/**
 * What is revoked, and the newest list of it: shared by all workers that hold the same root. One of them at a time publishes, so that a
 * list never lacks what an earlier one had.
 */
export interface RevocationStore {
	/**
	 * Is called once, before all else: `fingerprint` is the SHA-256 of the root, lower-case hex; `founded` says that the root was made
	 * just now. Errors: `ca.unreadable` (missing or damaged), `ca.foreign_list` (it belongs to another root).
	 */
	open(root: { fingerprint: string; founded: boolean }): Promise<void>;
	/** The newest list; null before the first. */
	current(): Promise<RevocationList | null>;
	/** Adds to what is revoked, each serial once (one that is revoked already changes nothing), lets the whole be signed under the next number, keeps the list and resolves to it. */
	publish(
		added: readonly RevokedCertificate[],
		sign: (number: number, revoked: readonly RevokedCertificate[]) => Promise<string>,
	): Promise<RevocationList>;
}
