/** Whether a host, as written in an address or to listen on, is this machine itself and nothing else can be meant. */
export const isLoopback = (host: string): boolean =>
	["localhost", "::1", "[::1]"].includes(host) || /^127(?:\.\d{1,3}){3}$/.test(host);

/** `https:`, or `http:` within this machine: what nobody on the way can read or alter. */
export const isProtected = ({ protocol, hostname }: URL): boolean =>
	protocol === "https:" || (protocol === "http:" && isLoopback(hostname));
