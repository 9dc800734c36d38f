import { connect as connectTls } from "node:tls";
import mqtt, { type MqttClient } from "mqtt";
import { RoomError } from "../../../device/core/RoomError.ts";
import type { Credentials } from "../ca/FleetCa.ts";

const CONNECT_MS = 3000;

/** The broker and the authority of its certificate, PEM. */
export interface BrokerAddress {
	url: string;
	ca: string;
}

/**
 * A connection for once: nothing is repeated, and when it breaks, all that waits on it is rejected. `identity` null: the bootstrap listener. Rejects with
 * Node's, OpenSSL's or the broker's error.
 */
export async function connectOnce(
	{ url, ca }: BrokerAddress,
	identity: Pick<Credentials, "key" | "certificate"> | null,
	clientId: string,
): Promise<MqttClient> {
	const connecting: mqtt.IClientOptions = {
		ca,
		...(identity ? { key: identity.key, cert: identity.certificate } : {}),
		clientId,
		clean: true,
		protocolVersion: 5,
		reconnectPeriod: 0,
		connectTimeout: CONNECT_MS,
	};
	// Without `false`, a broker that hangs up before it has said anything would be waited for for ever.
	const client = await mqtt.connectAsync(url, connecting, false);
	// What breaks later is seen as `close`.
	client.on("error", () => {});
	// mqtt.js keeps what was asked for a connection that never comes.
	client.once("close", () => client.end(true));
	return client;
}

/** What the broker says to a certificate. */
export async function askWith(
	address: BrokerAddress,
	identity: Credentials,
	clientId: string,
): Promise<"taken" | "revoked" | "unreachable"> {
	try {
		const client = await connectOnce(address, identity, clientId);
		await client.endAsync(true);
		return "taken";
	} catch (error) {
		return /CERTIFICATE_REVOKED/.test(String((error as NodeJS.ErrnoException).code)) ? "revoked" : "unreachable";
	}
}

/** The certificate of whoever listens there, DER, if it is one of `ca`'s. Error: `broker.unreachable`. */
export function certificateOf({ url, ca }: BrokerAddress): Promise<Uint8Array> {
	const { hostname, port } = new URL(url);
	return new Promise((resolve, reject) => {
		const unreachable = (cause?: unknown) =>
			reject(new RoomError("broker.unreachable", "the broker's listener can't be asked", { cause }));
		const socket = connectTls({ host: hostname.replaceAll(/^\[|\]$/g, ""), port: Number(port), ca }, () => {
			resolve(new Uint8Array(socket.getPeerCertificate().raw));
			socket.destroy();
		});
		socket.setTimeout(CONNECT_MS, () => socket.destroy(new Error("timeout")));
		socket.on("error", unreachable);
	});
}
