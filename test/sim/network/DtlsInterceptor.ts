/**
 * A real person in the middle of a call's media path, as a router on the way would be: forwards ICE (STUN) between two ends, and
 * terminates DTLS on both sides with a certificate of its own (openssl s_server towards the DTLS client, s_client towards the DTLS
 * server). With the keys of those handshakes it can send media that each end takes for the other's. An end that lets media
 * through here can be listened to, and spoken to.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ownAddress } from "./ownAddress.ts";
import { type SrtpMaster, SrtpSender } from "./SrtpSender.ts";

type Kind = "stun" | "dtls" | "media" | "report" | "other";
/** What a datagram is, by its first byte (RFC 7983 section 7); media or a report on it (RTCP) by its second (RFC 5761 section 4). */
function kindOf(datagram: Buffer): Kind {
	const [first = 255, second = 0] = datagram;
	if (first <= 3) return "stun";
	if (first >= 20 && first <= 63) return "dtls";
	if (first < 128 || first > 191) return "other";
	return second >= 192 && second <= 223 ? "report" : "media";
}

async function bound(address = "127.0.0.1"): Promise<Socket> {
	const socket = createSocket("udp4");
	await new Promise<void>((resolve) => socket.bind(0, address, resolve));
	socket.on("error", () => {});
	return socket;
}

type Address = Pick<RemoteInfo, "address" | "port">;

/** One side of the interceptor: where one end of the call sends, believing it to be the other. */
class Face {
	readonly socket: Socket;
	/** Where this end really is, learnt from what it sends. */
	end: Address | null = null;
	/** Takes the end's DTLS records where they are terminated; null: they go on to the other end. */
	dtls: ((datagram: Buffer) => void) | null = null;
	readonly seen: Record<Kind, number> = { stun: 0, dtls: 0, media: 0, report: 0, other: 0 };
	/** What openssl says of the handshake with this end. */
	output = "";
	#sender: SrtpSender | null = null;
	/** Which of the end's addresses asked what (RFC 8489 section 5: transaction id), so that the answer goes back there. */
	readonly #asked = new Map<string, Address>();

	constructor(socket: Socket) {
		this.socket = socket;
	}

	/** Whether the interceptor's own handshake with this end is through, with keys for SRTP. */
	get handshakeDone(): boolean {
		return /SRTP Extension negotiated/.test(this.output) && this.#exported !== null;
	}

	/** Sends what the end will take for media of its far end. */
	forge(stream: { payloadType: number; ssrc: number }, payload: Buffer): void {
		this.#sender ??= new SrtpSender(this.#writeKeys());
		this.send(this.#sender.packet(stream, payload));
	}

	take(datagram: Buffer, from: Address): void {
		const kind = kindOf(datagram);
		this.seen[kind] += 1;
		if (isRequest(datagram)) this.#asked.set(transactionOf(datagram), from);
		// what is not ICE comes from the address that ICE chose
		if (kind !== "stun") this.end = from;
		else this.end ??= from;
	}

	send(datagram: Buffer): void {
		const asker = kindOf(datagram) === "stun" && !isRequest(datagram) && this.#asked.get(transactionOf(datagram));
		const to = asker || this.end;
		if (to) this.socket.send(datagram, to.port, to.address);
	}

	/** 60 bytes of keying material (RFC 5764 section 4.2). */
	get #exported(): Buffer | null {
		const hex = /Keying material: ([0-9A-F]{120})/.exec(this.output)?.[1];
		return hex ? Buffer.from(hex, "hex") : null;
	}

	/** Towards the DTLS client we are the server, and the other way round. */
	#writeKeys(): SrtpMaster {
		const keys = this.#exported;
		if (!keys) throw new Error("the handshake with this end is not through");
		const own = this.role === "client" ? 1 : 0;
		return { key: keys.subarray(16 * own, 16 * own + 16), salt: keys.subarray(32 + 14 * own, 46 + 14 * own) };
	}

	/** The DTLS role of the end that this side faces. */
	role: "client" | "server" = "client";
}

const isRequest = (datagram: Buffer): boolean =>
	kindOf(datagram) === "stun" && (datagram.readUInt16BE(0) & 0x110) === 0;
const transactionOf = (datagram: Buffer): string => datagram.subarray(8, 20).toString("latin1");

export class DtlsInterceptor {
	readonly #folder = mkdtempSync(join(tmpdir(), "incamera-mitm-"));
	readonly #children: ChildProcess[] = [];
	readonly #sockets: Socket[] = [];
	/** Faces the end that will be the DTLS client (a=setup:active). */
	readonly client: Face;
	/** Faces the passive end. */
	readonly server: Face;
	/** SHA-256 of the interceptor's own certificate, 32 bytes. */
	certificateSha256 = new Uint8Array(32);
	#begin: (() => void) | null = null;

	private constructor(client: Face, server: Face) {
		this.client = client;
		this.server = server;
		server.role = "server";
		client.socket.on("message", (datagram, from) => this.#forward(client, server, datagram, from));
		server.socket.on("message", (datagram, from) => this.#forward(server, client, datagram, from));
	}

	/** @param options.terminate false: forwards everything as it is, an honest router. */
	static async start(options: { terminate?: boolean } = {}): Promise<DtlsInterceptor> {
		const interceptor = new DtlsInterceptor(new Face(await bound(ownAddress())), new Face(await bound(ownAddress())));
		if (options.terminate ?? true) await interceptor.#terminate();
		return interceptor;
	}

	async #terminate(): Promise<void> {
		const [certificate, key] = [join(this.#folder, "cert.pem"), join(this.#folder, "key.pem")];
		const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", certificate];
		execFileSync("openssl", ["req", "-x509", ...ec, "-days", "2", "-subj", "/CN=in the middle"], { stdio: "pipe" });
		const digest = new X509Certificate(readFileSync(certificate)).fingerprint256;
		this.certificateSha256 = Uint8Array.from(digest.split(":"), (pair) => Number.parseInt(pair, 16));
		const common = ["-dtls1_2", "-cert", certificate, "-key", key, "-use_srtp", "SRTP_AES128_CM_SHA1_80"];
		common.push("-keymatexport", "EXTRACTOR-dtls_srtp", "-keymatexportlen", "60");

		// towards the DTLS client: its records go to our server, the answers back
		const serverPort = await freeUdpPort();
		const toServer = await bound();
		toServer.on("message", (datagram) => this.client.send(datagram));
		this.client.dtls = (datagram) => toServer.send(datagram, serverPort, "127.0.0.1");
		this.#openssl(this.client, ["s_server", ...common, "-accept", `127.0.0.1:${serverPort}`, "-verify", "1"]);

		// towards the DTLS server: our client talks to a socket of ours, whose records go to that end
		const fromClient = await bound();
		let clientPort = 0;
		fromClient.on("message", (datagram, from) => {
			clientPort = from.port;
			this.server.send(datagram);
		});
		this.server.dtls = (datagram) => clientPort && fromClient.send(datagram, clientPort, "127.0.0.1");
		this.#sockets.push(toServer, fromClient);
		this.#begin = () =>
			this.#openssl(this.server, ["s_client", ...common, "-connect", `127.0.0.1:${fromClient.address().port}`]);
	}

	#forward(face: Face, other: Face, datagram: Buffer, from: RemoteInfo): void {
		face.take(datagram, from);
		const kind = kindOf(datagram);
		if (kind === "dtls" && face.dtls) {
			face.dtls(datagram);
			return;
		}
		// what was protected with our own keys means nothing to the other end
		if ((kind === "media" || kind === "report") && face.dtls) return;
		other.send(datagram);
		// once ICE speaks to the passive end, our own DTLS client begins
		if (kind === "stun" && face === this.server) {
			this.#begin?.();
			this.#begin = null;
		}
	}

	#openssl(face: Face, args: string[]): void {
		const child = spawn("openssl", args, { stdio: ["pipe", "pipe", "pipe"] });
		const collect = (chunk: Buffer) => {
			face.output += chunk.toString("latin1");
		};
		child.stdout.on("data", collect);
		child.stderr.on("data", collect);
		child.on("error", () => {});
		this.#children.push(child);
	}

	/** Rewrites an ICE candidate so that it leads to the given face; null for what isn't intercepted: it never reaches the other end. */
	static redirect(candidate: string, face: Face): string | null {
		const parts = candidate.split(" ");
		if (parts[2]?.toUpperCase() !== "UDP" || parts[4]?.includes(":")) return null;
		const { address, port } = face.socket.address();
		parts[4] = address;
		parts[5] = String(port);
		return parts.join(" ");
	}

	async stop(): Promise<void> {
		for (const child of this.#children) child.kill("SIGKILL");
		for (const socket of [...this.#sockets, this.client.socket, this.server.socket]) {
			await new Promise<void>((resolve) => socket.close(() => resolve()));
		}
		rmSync(this.#folder, { recursive: true, force: true });
	}
}

async function freeUdpPort(): Promise<number> {
	const probe = await bound();
	const { port } = probe.address();
	await new Promise<void>((resolve) => probe.close(() => resolve()));
	return port;
}
