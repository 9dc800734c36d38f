/**
 * A real person in the middle of a call's media path: forwards ICE (STUN) between two ends, and terminates DTLS on both sides with a
 * certificate of its own (openssl s_server towards the DTLS client, openssl s_client towards the DTLS server). An end that lets media
 * through here can be listened to.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

type Kind = "stun" | "dtls" | "srtp" | "other";
/** RFC 7983 §7: what a datagram is, by its first byte. */
function kindOf(datagram: Buffer): Kind {
	const first = datagram[0] ?? 255;
	if (first <= 3) return "stun";
	if (first >= 20 && first <= 63) return "dtls";
	if (first >= 128 && first <= 191) return "srtp";
	return "other";
}

async function bound(): Promise<Socket> {
	const socket = createSocket("udp4");
	await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
	socket.on("error", () => {});
	return socket;
}

/** One side of the interceptor: where one end of the call sends, believing it to be the other. */
class Face {
	readonly socket: Socket;
	/** Where this end really is, learnt from what it sends, or told by its candidates. */
	end: { address: string; port: number } | null = null;
	/** Where DTLS of this end is terminated. */
	dtls: Socket | null = null;
	dtlsPort = 0;
	readonly seen = { stun: 0, dtls: 0, srtp: 0, other: 0 };

	constructor(socket: Socket) {
		this.socket = socket;
	}

	send(datagram: Buffer): void {
		if (this.end) this.socket.send(datagram, this.end.port, this.end.address);
	}
}

export class DtlsInterceptor {
	readonly #folder = mkdtempSync(join(tmpdir(), "incamera-mitm-"));
	readonly #children: ChildProcess[] = [];
	readonly #sockets: Socket[] = [];
	/** Handshake output of both openssl processes, for a test to see that the interceptor's own handshake succeeded. */
	output = "";

	/** Faces the end that will be the DTLS client (a=setup:active). */
	readonly client: Face;
	/** Faces the passive end. */
	readonly server: Face;
	#client: (() => void) | null = null;

	private constructor(client: Face, server: Face) {
		this.client = client;
		this.server = server;
	}

	static async start(): Promise<DtlsInterceptor> {
		const interceptor = new DtlsInterceptor(new Face(await bound()), new Face(await bound()));
		await interceptor.#run();
		return interceptor;
	}

	async #run(): Promise<void> {
		const [certificate, key] = [join(this.#folder, "cert.pem"), join(this.#folder, "key.pem")];
		const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", certificate];
		execFileSync("openssl", ["req", "-x509", ...ec, "-days", "2", "-subj", "/CN=in the middle"], { stdio: "pipe" });
		const probe = await bound();
		const serverPort = probe.address().port;
		await new Promise<void>((resolve) => probe.close(() => resolve()));
		const common = ["-dtls1_2", "-cert", certificate, "-key", key, "-use_srtp", "SRTP_AES128_CM_SHA1_80"];
		this.#spawn(["s_server", ...common, "-accept", `127.0.0.1:${serverPort}`, "-verify", "1"]);

		// towards the DTLS client: its records go to our server, the answers back
		const toServer = await bound();
		toServer.on("message", (datagram) => this.client.send(datagram));
		this.client.dtls = toServer;
		this.client.dtlsPort = serverPort;

		// towards the DTLS server: our client talks to a socket of ours, whose records go to that end
		const fromClient = await bound();
		fromClient.on("message", (datagram, from) => {
			this.server.dtlsPort = from.port;
			this.server.send(datagram);
		});
		this.server.dtls = fromClient;
		this.#sockets.push(toServer, fromClient);
		this.#client = () => this.#spawn(["s_client", ...common, "-connect", `127.0.0.1:${fromClient.address().port}`]);

		this.client.socket.on("message", (datagram, from) => this.#from(this.client, this.server, datagram, from));
		this.server.socket.on("message", (datagram, from) => this.#from(this.server, this.client, datagram, from));
	}

	#from(face: Face, other: Face, datagram: Buffer, from: RemoteInfo): void {
		face.end = { address: from.address, port: from.port };
		const kind = kindOf(datagram);
		face.seen[kind] += 1;
		if (kind === "dtls") {
			if (face.dtlsPort) face.dtls?.send(datagram, face.dtlsPort, "127.0.0.1");
			return;
		}
		other.send(datagram);
		// once ICE speaks to the passive end, our own DTLS client begins
		if (kind === "stun" && face === this.server && this.#client) {
			this.#client();
			this.#client = null;
		}
	}

	#spawn(args: string[]): void {
		const child = spawn("openssl", args, { stdio: ["pipe", "pipe", "pipe"] });
		const collect = (chunk: Buffer) => {
			this.output += chunk.toString("latin1");
		};
		child.stdout.on("data", collect);
		child.stderr.on("data", collect);
		child.on("error", () => {});
		this.#children.push(child);
	}

	/** Rewrites an ICE candidate line so that it points at the given face; null for one that can't be intercepted (TCP). */
	static redirect(candidate: string, face: Face): string | null {
		const parts = candidate.split(" ");
		if (parts[2]?.toUpperCase() !== "UDP") return null;
		parts[4] = "127.0.0.1";
		parts[5] = String(face.socket.address().port);
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
