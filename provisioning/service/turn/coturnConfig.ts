export interface CoturnConfig {
	host: string;
	port: number;
	secret: string;
	/** The folder for what coturn insists on writing. */
	folder: string;
}

/**
 * turnserver.conf for one machine: relays between loopback addresses and to nothing else, so that it is no way into the network
 * it runs in. REST credentials only; no administration, no TLS (a relay sees SRTP and DTLS, nothing to hide from loopback).
 */
export function coturnConfig({ host, port, secret, folder }: CoturnConfig): string {
	return `${[
		`listening-ip=${host}`,
		`listening-port=${port}`,
		`relay-ip=${host}`,
		"fingerprint",
		"use-auth-secret",
		`static-auth-secret=${secret}`,
		"realm=incamera",
		"stale-nonce=600",
		// Everything is refused as a peer, then this machine allowed: allowed-peer-ip goes before denied-peer-ip.
		"allow-loopback-peers",
		"denied-peer-ip=0.0.0.0-255.255.255.255",
		"denied-peer-ip=::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		`allowed-peer-ip=${host}`,
		"no-multicast-peers",
		"no-tcp-relay",
		"no-tls",
		"no-dtls",
		"no-cli",
		"no-rfc5780",
		"no-stun-backward-compatibility",
		"no-software-attribute",
		"total-quota=200",
		"user-quota=12",
		`userdb=${folder}/turndb`,
		`pidfile=${folder}/pid`,
		// Its log names addresses.
		"log-file=/dev/null",
		"no-stdout-log",
		"simple-log",
	].join("\n")}\n`;
}
