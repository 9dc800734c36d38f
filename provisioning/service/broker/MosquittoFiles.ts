import { randomBytes, X509Certificate } from "node:crypto";
import type { FleetCa } from "../ca/FleetCa.ts";
import { contactAddress, type ListenAddress } from "./listenAddress.ts";
import { bootstrapAcl, deviceAcl, serviceAcl } from "./mosquittoAcl.ts";
import { bootstrapBrokerConfig, deviceBrokerConfig } from "./mosquittoConfig.ts";

/** A folder that one of the brokers can read. */
export interface FileWriter {
	/** Writes a file that only the broker's account and ours can read; resolves to its absolute path. */
	write(name: string, data: string): Promise<string>;
}

export interface MosquittoFilesOptions {
	ca: FleetCa;
	/** Of the devices' broker. */
	files: FileWriter;
	devices: ListenAddress;
	service: ListenAddress;
	dataFolder: string | null;
	/** `localId`: of the line to the devices' broker, if it is to stay as it was. */
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
		const { files, devices, service, dataFolder, bootstrap } = this.#options;
		const { server, line } = await this.writeCredentials();
		const config = deviceBrokerConfig({
			devices: { ...devices, ...server, acl: await files.write("devices.acl", deviceAcl()) },
			service: {
				...{ ...service, ...server, ca: server.serviceCa },
				acl: await files.write("service.acl", serviceAcl()),
			},
			dataFolder,
		});
		const paths = { devices: await files.write("mosquitto.conf", config), bootstrap: null };
		if (!bootstrap || !line) return paths;
		const { localId = randomBytes(16).toString("hex") } = bootstrap;
		const second = bootstrapBrokerConfig({
			listener: { ...bootstrap, ...line.server, acl: await bootstrap.files.write("acl", bootstrapAcl()) },
			bridge: { ...line.bridge, ...contactAddress(devices), localId },
		});
		return { ...paths, bootstrap: await bootstrap.files.write("mosquitto.conf", second) };
	}

	/** New certificates for both, and the newest revocation list; they count once the brokers read their files again. */
	async writeCredentials() {
		const { ca, files, devices, service, bootstrap } = this.#options;
		return {
			server: {
				...(await this.#server(files, devices, service)),
				ca: await files.write("ca.pem", ca.certificate),
				serviceCa: await files.write("service-ca.pem", ca.serviceCertificate),
				crl: await this.writeRevocations(),
			},
			line: bootstrap && {
				server: await this.#server(bootstrap.files, bootstrap),
				bridge: await this.#bridge(bootstrap.files),
			},
		};
	}

	writeRevocations(): Promise<string> {
		const { ca, files } = this.#options;
		return files.write("crl.pem", ca.crl);
	}

	/** One certificate for all addresses of a broker. */
	async #server(files: FileWriter, ...addresses: ListenAddress[]) {
		const names = addresses.flatMap((address) => [
			address.host,
			contactAddress(address).host,
			...(address.names ?? []),
		]);
		const { certificate, key } = await this.#options.ca.issueServer([...new Set(names)]);
		if (files === this.#options.bootstrap?.files) {
			this.#shown = [new Uint8Array(new X509Certificate(certificate).raw), ...this.#shown].slice(0, 2);
		}
		return { certificate: await files.write("server.pem", certificate), key: await files.write("server.key.pem", key) };
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
