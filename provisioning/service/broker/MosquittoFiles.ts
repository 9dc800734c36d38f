import { randomBytes, X509Certificate } from "node:crypto";
import type { FleetCa } from "../ca/FleetCa.ts";
import { contactAddress, type ListenAddress } from "./listenAddress.ts";
import { bootstrapAcl, deviceAcl } from "./mosquittoAcl.ts";
import { bootstrapBrokerConfig, deviceBrokerConfig } from "./mosquittoConfig.ts";

/** A folder that one of the brokers can read. */
export interface FileWriter {
	/** Writes a file that only the broker's account and ours can read; resolves to its absolute path. */
	write(name: string, data: string): Promise<string>;
}

export interface MosquittoFilesOptions {
	ca: FleetCa;
	devices: ListenAddress & { files: FileWriter; dataFolder: string | null };
	bootstrap: (ListenAddress & { files: FileWriter; localId?: string }) | null;
}

/**
 * All files of the two mosquittos: the devices' broker, and the bootstrap broker, a process of its own whose clients have no certificate.
 * They are two because client ids are one name space in a mosquitto: whoever may choose his own could end a device's session; and because
 * strangers' handshakes, connections and malformed packets are then nothing to the devices.
 */
export class MosquittoFiles {
	readonly #options: MosquittoFilesOptions;
	#shown: Uint8Array[] = [];

	constructor(options: MosquittoFilesOptions) {
		this.#options = options;
	}

	/** The bootstrap listener's certificates, DER: the present one, and the one before. */
	get bootstrapCertificates(): readonly Uint8Array[] {
		return this.#shown;
	}

	/** Writes everything; resolves to the paths of the configurations. */
	async writeAll(): Promise<{ devices: string; bootstrap: string | null }> {
		const { devices, bootstrap } = this.#options;
		const credentials = await this.writeCredentials();
		return {
			devices: await devices.files.write(
				"mosquitto.conf",
				deviceBrokerConfig({
					host: devices.host,
					port: devices.port,
					dataFolder: devices.dataFolder,
					files: { ...credentials.devices, acl: await devices.files.write("acl", deviceAcl()) },
				}),
			),
			bootstrap:
				bootstrap && credentials.bootstrap
					? await bootstrap.files.write(
							"mosquitto.conf",
							bootstrapBrokerConfig({
								host: bootstrap.host,
								port: bootstrap.port,
								files: { ...credentials.bootstrap.server, acl: await bootstrap.files.write("acl", bootstrapAcl()) },
								bridge: {
									...credentials.bootstrap.bridge,
									...contactAddress(devices),
									localId: bootstrap.localId ?? randomBytes(16).toString("hex"),
								},
							}),
						)
					: null,
		};
	}

	/** New certificates for both, and the newest revocation list; they count once the brokers read their files again. */
	async writeCredentials() {
		const { ca, devices, bootstrap } = this.#options;
		return {
			devices: {
				...(await this.#server(devices)),
				ca: await devices.files.write("ca.pem", ca.certificate),
				crl: await this.writeRevocations(),
			},
			bootstrap: bootstrap && {
				server: await this.#server(bootstrap, (certificate) => {
					this.#shown = [new Uint8Array(new X509Certificate(certificate).raw), ...this.#shown].slice(0, 2);
				}),
				bridge: await this.#bridge(bootstrap.files),
			},
		};
	}

	writeRevocations(): Promise<string> {
		const { ca, devices } = this.#options;
		return devices.files.write("crl.pem", ca.crl);
	}

	async #server({ files, ...address }: ListenAddress & { files: FileWriter }, issued?: (pem: string) => void) {
		const names = [address.host, contactAddress(address).host, ...(address.names ?? [])];
		const server = await this.#options.ca.issueServer([...new Set(names)]);
		issued?.(server.certificate);
		return {
			certificate: await files.write("server.pem", server.certificate),
			key: await files.write("server.key.pem", server.key),
		};
	}

	async #bridge(files: FileWriter) {
		const { ca } = this.#options;
		const bridge = await ca.issuePart("bootstrap");
		return {
			ca: await files.write("ca.pem", ca.certificate),
			certificate: await files.write("bridge.pem", bridge.certificate),
			key: await files.write("bridge.key.pem", bridge.key),
		};
	}
}
