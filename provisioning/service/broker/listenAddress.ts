/** Where a broker listens. */
export interface ListenAddress {
	/** A name or an IP address; `0.0.0.0` or `::`: all of this machine's. */
	host: string;
	port: number;
	/** Further names and addresses by which clients reach it, for its certificate. */
	names?: readonly string[];
}

/** How it is reached from this machine. */
export function contactAddress({ host, port }: ListenAddress): { host: string; port: number } {
	const contact: Record<string, string> = { "0.0.0.0": "127.0.0.1", "::": "::1" };
	return { host: contact[host] ?? host, port };
}

/** The same as a URL. */
export function contactUrl(address: ListenAddress): string {
	const { host, port } = contactAddress(address);
	return `mqtts://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
