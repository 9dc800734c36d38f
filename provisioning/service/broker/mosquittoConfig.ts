import { BROKER_SAVE_SECONDS, PAYLOAD_BYTES } from "../../contract/envelope.ts";
import { topics } from "../../contract/topics.ts";
import { BOOTSTRAP } from "./names.ts";

/** Where a mosquitto listens, and absolute paths of its certificate, key (PEM) and rights. */
export interface Listener {
	host: string;
	port: number;
	certificate: string;
	key: string;
	acl: string;
}

export interface DeviceBrokerOptions {
	/** `ca`, `crl`: the fleet's root and its revocation list. */
	devices: Listener & { ca: string; crl: string };
	/** `ca`: the root for workers. */
	service: Listener & { ca: string };
	/** Where retained messages and waiting sessions outlive a restart, a folder; null: they don't. */
	dataFolder: string | null;
}

export interface BootstrapBrokerOptions {
	listener: Listener;
	/** The line to the devices' broker. `localId` is secret: who knew it could end the line by taking its client id. */
	bridge: { host: string; port: number; ca: string; certificate: string; key: string; localId: string };
}

const general = [
	"per_listener_settings true",
	// Room for topic, properties and the payload.
	`message_size_limit ${PAYLOAD_BYTES}`,
	`max_packet_size ${PAYLOAD_BYTES + 4096}`,
	"max_keepalive 120",
	"set_tcp_nodelay true",
	"sys_interval 0",
	// Its log names devices and addresses.
	"log_dest none",
];

const listener = ({ host, port, certificate, key, acl }: Listener): string[] => [
	`listener ${port} ${host}`,
	"protocol mqtt",
	`certfile ${certificate}`,
	`keyfile ${key}`,
	"tls_version tlsv1.3",
	`acl_file ${acl}`,
	// All that the contract needs; the code for QoS 2 had most of the holes.
	"max_qos 1",
	"allow_zero_length_clientid false",
];

/** mosquitto.conf(5): a TLS listener for certificates of the fleet, one for those of workers, and nothing else. */
export function deviceBrokerConfig({ devices, service, dataFolder }: DeviceBrokerOptions): string {
	return text([
		...general,
		"retain_available true",
		...(dataFolder
			? ["persistence true", `persistence_location ${dataFolder}/`, `autosave_interval ${BROKER_SAVE_SECONDS}`]
			: ["persistence false"]),
		// For a worker that is away; a session that ends with its connection has no queue. Messages are kept once, whoever waits for them.
		"max_queued_messages 50000",
		"max_inflight_messages 100",
		...listener(devices),
		`cafile ${devices.ca}`,
		`crlfile ${devices.crl}`,
		"require_certificate true",
		// The certificate's CN is user name and client id, whatever the client claims; so %c in the rights is proved.
		"use_identity_as_username true",
		"use_username_as_clientid true",
		"allow_anonymous false",
		...listener(service),
		`cafile ${service.ca}`,
		"require_certificate true",
		// The certificate is enough. Where user names are those of certificates, 2.0.11 mistakes a waiting session for one that lost its
		// certificate when it reads its files again: it loses its rights, and if it has an end, mosquitto dies of it later.
		"allow_anonymous true",
	]);
}

/**
 * mosquitto.conf(5): one TLS listener without client certificates, and a line to the devices' broker that carries enrolments and nothing
 * else. No session, no retained message, nothing on disk.
 */
export function bootstrapBrokerConfig({ listener: own, bridge }: BootstrapBrokerOptions): string {
	return text([
		...general,
		"retain_available false",
		"persistence false",
		"max_queued_messages 1000",
		"max_inflight_messages 100",
		...listener(own),
		"allow_anonymous true",
		`connection ${BOOTSTRAP}`,
		// An IPv6 address goes without brackets here.
		`address ${bridge.host}:${bridge.port}`,
		`bridge_cafile ${bridge.ca}`,
		`bridge_certfile ${bridge.certificate}`,
		`bridge_keyfile ${bridge.key}`,
		"bridge_tls_version tlsv1.3",
		`local_clientid ${bridge.localId}`,
		`remote_clientid ${BOOTSTRAP}`,
		"cleansession true",
		"try_private false",
		"notifications false",
		"bridge_attempt_unsubscribe false",
		"keepalive_interval 30",
		"restart_timeout 1 5",
		`topic ${topics.enrolUp("+")} out 1`,
		`topic ${topics.enrolDown("+")} in 1`,
	]);
}

const text = (lines: readonly string[]): string => `${lines.join("\n")}\n`;
