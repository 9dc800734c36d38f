import { PAYLOAD_BYTES } from "../../contract/envelope.ts";
import { deviceRights } from "../../contract/topics.ts";

export interface MosquittoFiles {
	ca: string;
	crl: string;
	certificate: string;
	key: string;
	acl: string;
}

/** mosquitto.conf(5): one TLS listener for device certificates and nothing else. */
export function mosquittoConfig(options: { host: string; port: number; files: MosquittoFiles }): string {
	const { host, port, files } = options;
	return `${[
		"per_listener_settings false",
		`listener ${port} ${host}`,
		"protocol mqtt",
		`cafile ${files.ca}`,
		`crlfile ${files.crl}`,
		`certfile ${files.certificate}`,
		`keyfile ${files.key}`,
		"tls_version tlsv1.3",
		"require_certificate true",
		// The certificate's CN is user name and client id, whatever the client claims; so %c in the rights is proved.
		"use_identity_as_username true",
		"use_username_as_clientid true",
		"allow_anonymous false",
		`acl_file ${files.acl}`,
		// Nothing is kept: presence comes again with each connection, and a ring that nobody hears is none.
		"persistence false",
		"retain_available true",
		// Room for topic, properties and the payload.
		`message_size_limit ${PAYLOAD_BYTES}`,
		`max_packet_size ${PAYLOAD_BYTES + 4096}`,
		"max_queued_messages 100",
		"max_inflight_messages 20",
		"max_keepalive 120",
		// Its log names devices and addresses.
		"log_dest none",
	].join("\n")}\n`;
}

/** The contract's rights as an acl_file: patterns only, so there is no user to forget. */
export function mosquittoAcl(): string {
	return deviceRights.map(({ access, topic }) => `pattern ${access} ${topic.replace("{self}", "%c")}\n`).join("");
}
