export interface Provenance {
	method: string;
	/** The header `Origin` (RFC 6454). */
	origin: string | undefined;
	/** The header `Sec-Fetch-Site` (Fetch Metadata Request Headers). */
	site: string | undefined;
	/** Whether it comes with our cookie. */
	withCookie: boolean;
}

/**
 * Whether another site's page may have made a browser send this. Beside the cookie's SameSite, which a sibling subdomain or another
 * port of localhost passes.
 */
export function isCrossSite({ method, origin, site, withCookie }: Provenance, own: string): boolean {
	const reads = method === "GET" || method === "HEAD";
	if (origin !== undefined && origin !== own) return true;
	// `none`: the person typed the address.
	if (site !== undefined && site !== "same-origin" && !(reads && site === "none")) return true;
	// Every browser names the origin of what changes something; a cookie without it is none of ours.
	return !reads && withCookie && origin === undefined;
}
