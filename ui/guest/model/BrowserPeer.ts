import { type Clock, systemClock } from "../../../device/core/clock.ts";
import { Emitter } from "../../../device/core/Emitter.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { equalBytes, sha256 } from "../../../device/meeting/bytes.ts";
import {
	type Candidate,
	FAREWELL_MS,
	type IceServer,
	type Peer,
	type PeerEvents,
} from "../../../device/meeting/Peer.ts";
import { mark } from "./marks.ts";
import { offeredVideoCodecs, videoEncoding } from "./mediaProfile.ts";
import { withStartBitrate } from "./startBitrate.ts";

export type MediaKind = "audio" | "video";

export interface BrowserPeerOptions {
	iceServers: IceServer[];
	/** What to send once the gate is open; asked at that moment, so a change of device in the meantime counts. */
	localTrack(kind: MediaKind): MediaStreamTrack | null;
	/** The far end's sound and picture; called once, and only when the gate is open. */
	onFarMedia(stream: MediaStream): void;
	clock?: Clock;
}

/** How long ICE may stay `disconnected` before the path counts as lost: shorter gaps heal by themselves. */
const DISCONNECTED_MS = 3_000;

/**
 * The guest's transport: an RTCPeerConnection behind the gate that `Peer` describes.
 *
 * Until the gate opens no sender has a track and no receiver's track leaves this class. It opens when `release()` was called and
 * DTLS is up with the signed certificate. The browser itself compares the certificate with the applied description (RFC 8827
 * section 6.5); we compare the description with the signed fingerprint before it is applied, and, where the browser shows the
 * certificate (`RTCDtlsTransport.getRemoteCertificates`), the certificate itself again.
 */
export class BrowserPeer implements Peer {
	readonly events = new Emitter<PeerEvents>();
	readonly #pc: RTCPeerConnection;
	readonly #options: BrowserPeerOptions;
	readonly #clock: Clock;
	readonly #waitingCandidates: Candidate[] = [];
	#expected: Uint8Array | null = null;
	#remoteApplied = false;
	#gatheringEnded = false;
	#released = false;
	#proved = false;
	#open = false;
	#over = false;
	#cancelDisconnected: (() => void) | null = null;
	#cancelClosed: (() => void) | null = null;

	/** A peer with a certificate of its own: ECDSA P-256, made for this call, not extractable, so that calls can't be linked by it. */
	static async create(options: BrowserPeerOptions): Promise<BrowserPeer> {
		const algorithm: EcKeyGenParams = { name: "ECDSA", namedCurve: "P-256" };
		return new BrowserPeer(await RTCPeerConnection.generateCertificate(algorithm), options);
	}

	private constructor(certificate: RTCCertificate, options: BrowserPeerOptions) {
		this.#options = options;
		this.#clock = options.clock ?? systemClock;
		this.#pc = new RTCPeerConnection({
			iceServers: options.iceServers,
			bundlePolicy: "max-bundle",
			rtcpMuxPolicy: "require",
			certificates: [certificate],
		});
		this.#pc.addEventListener("icecandidate", ({ candidate }) => this.#sendCandidate(candidate));
		this.#pc.addEventListener("connectionstatechange", () => this.#connectionChanged());
	}

	async createOffer(): Promise<string> {
		// One stream for both: browsers keep lips and sound together only within a stream.
		const streams = [new MediaStream()];
		this.#pc.addTransceiver("audio", { direction: "sendrecv", streams });
		const video = this.#pc.addTransceiver("video", { direction: "sendrecv", streams, sendEncodings: [videoEncoding] });
		preferCodecs(video);
		await this.#pc.setLocalDescription(await this.#pc.createOffer());
		return this.#localSdp();
	}

	async acceptOffer(sdp: string, expectedFingerprint: Uint8Array): Promise<string> {
		this.#expect(sdp, expectedFingerprint);
		await this.#pc.setRemoteDescription({ type: "offer", sdp: withStartBitrate(sdp) });
		this.#remoteApplied = true;
		const stream = new MediaStream();
		for (const transceiver of this.#pc.getTransceivers()) {
			transceiver.direction = "sendrecv";
			// Firefox before 113 lacks setStreams; there lip sync is up to the far end.
			transceiver.sender.setStreams?.(stream);
			if (kindOf(transceiver) === "video") {
				preferCodecs(transceiver);
				await limitEncoding(transceiver.sender);
			}
		}
		await this.#pc.setLocalDescription(await this.#pc.createAnswer());
		this.#watchDtls();
		await this.#applyWaiting();
		return this.#localSdp();
	}

	async acceptAnswer(sdp: string, expectedFingerprint: Uint8Array): Promise<void> {
		this.#expect(sdp, expectedFingerprint);
		await this.#pc.setRemoteDescription({ type: "answer", sdp: withStartBitrate(sdp) });
		this.#remoteApplied = true;
		this.#watchDtls();
		await this.#applyWaiting();
	}

	async addCandidate(candidate: Candidate): Promise<void> {
		if (this.#over) return;
		if (!this.#remoteApplied) {
			this.#waitingCandidates.push(candidate);
			return;
		}
		try {
			await this.#pc.addIceCandidate(candidate);
		} catch {
			// A candidate that this browser can't parse (RFC 8839 lets it be ignored) or one for a closed peer costs only that path.
		}
	}

	release(): void {
		this.#released = true;
		mark("released");
		this.#openGate();
	}

	/** Sends another track (or none) from now on; before the gate opens nothing is sent whatever is set here. */
	async replaceTrack(kind: MediaKind, track: MediaStreamTrack | null): Promise<void> {
		if (!this.#open || this.#over) return;
		await this.#senderOf(kind)?.replaceTrack(track);
	}

	getStats(): Promise<RTCStatsReport> {
		return this.#pc.getStats();
	}

	async close(): Promise<void> {
		this.#end();
		this.events.clear();
	}

	#end(): void {
		if (this.#over) return;
		this.#over = true;
		this.#cancelDisconnected?.();
		this.#cancelClosed?.();
		for (const sender of this.#pc.getSenders()) void sender.replaceTrack(null).catch(() => {});
		this.#pc.close();
	}

	#localSdp(): string {
		const sdp = this.#pc.localDescription?.sdp;
		if (!sdp) throw new RoomError("call.no_path", "The browser made no local description");
		return sdp;
	}

	/** Every fingerprint of the description must be the signed one, and there must be one. */
	#expect(sdp: string, expected: Uint8Array): void {
		this.#expected = expected;
		const lines = sdp.split(/\r?\n/).filter((line) => line.startsWith("a=fingerprint:"));
		const wanted = `a=fingerprint:sha-256 ${fingerprintText(expected)}`.toLowerCase();
		if (lines.length > 0 && lines.every((line) => line.trim().toLowerCase() === wanted)) return;
		this.#refuse();
		throw new RoomError(
			"call.peer_certificate_mismatch",
			"The description names another certificate than the signed one",
		);
	}

	#sendCandidate(candidate: RTCIceCandidate | null): void {
		if (this.#over || this.#gatheringEnded) return;
		// Browsers differ in how they say the end: null, an empty candidate, or both. It is sent once.
		if (!candidate?.candidate) {
			this.#gatheringEnded = true;
			this.events.emit("candidate", { candidate: "", sdpMLineIndex: 0 });
			return;
		}
		this.events.emit("candidate", { candidate: candidate.candidate, sdpMLineIndex: candidate.sdpMLineIndex ?? 0 });
	}

	async #applyWaiting(): Promise<void> {
		for (const candidate of this.#waitingCandidates.splice(0)) await this.addCandidate(candidate);
	}

	#dtls(): RTCDtlsTransport | null {
		for (const { sender, receiver } of this.#pc.getTransceivers()) {
			const transport = sender.transport ?? receiver.transport;
			if (transport) return transport;
		}
		return null;
	}

	/** The far end's close_notify or a failed DTLS handshake shows here first, on the connection only after a timeout. */
	#watchDtls(): void {
		const dtls = this.#dtls();
		dtls?.addEventListener("statechange", () => {
			if (dtls.state === "failed") this.#failed();
			else if (dtls.state === "closed" && !this.#over)
				this.#cancelClosed ??= this.#clock.after(FAREWELL_MS, () => this.#lose({ byFarEnd: true }));
		});
	}

	#connectionChanged(): void {
		if (this.#over) return;
		const state = this.#pc.connectionState;
		if (state !== "disconnected") {
			this.#cancelDisconnected?.();
			this.#cancelDisconnected = null;
		}
		if (state === "connected") void this.#prove();
		else if (state === "failed") this.#failed();
		else if (state === "closed") this.#lose();
		else if (state === "disconnected")
			this.#cancelDisconnected ??= this.#clock.after(DISCONNECTED_MS, () => this.#lose());
	}

	/**
	 * DTLS that fails while ICE is up, in a handshake that never finished, is a certificate that the browser refused. (Browsers
	 * don't say so in words: Chromium dispatches no RTCError for it.) Everything else is a lost path.
	 */
	#failed(): void {
		const dtls = this.#dtls();
		if (!this.#proved && dtls?.state === "failed") this.#refuse();
		else this.#lose();
	}

	async #prove(): Promise<void> {
		if (this.#proved || this.#over) return;
		const shown = this.#dtls()?.getRemoteCertificates?.()[0];
		if (shown) {
			const digest = await sha256(new Uint8Array(shown));
			if (this.#over) return;
			if (!this.#expected || !equalBytes(digest, this.#expected)) return this.#refuse();
		}
		if (this.#proved) return;
		this.#proved = true;
		mark("connected");
		this.events.emit("connected", undefined);
		this.#openGate();
	}

	#openGate(): void {
		if (!this.#released || !this.#proved || this.#open || this.#over) return;
		this.#open = true;
		mark("gate-open");
		for (const kind of ["audio", "video"] as const) {
			const track = this.#options.localTrack(kind);
			// A track that ended meanwhile (device unplugged) is refused by the browser; then nothing is sent.
			if (track)
				void this.#senderOf(kind)
					?.replaceTrack(track)
					.catch(() => {});
		}
		const tracks = this.#pc.getReceivers().map((receiver) => receiver.track);
		this.#options.onFarMedia(new MediaStream(tracks));
	}

	#senderOf(kind: MediaKind): RTCRtpSender | undefined {
		return this.#pc.getTransceivers().find((transceiver) => kindOf(transceiver) === kind)?.sender;
	}

	#refuse(): void {
		if (this.#over) return;
		this.#end();
		this.events.emit("refused", { code: "call.peer_certificate_mismatch" });
	}

	#lose(loss: PeerEvents["lost"] = { byFarEnd: false }): void {
		if (this.#over) return;
		this.#end();
		this.events.emit("lost", loss);
	}
}

/** A sender without a track doesn't say what it is for; the receiver always has a track. */
function kindOf(transceiver: RTCRtpTransceiver): string {
	return transceiver.receiver.track.kind;
}

function preferCodecs(transceiver: RTCRtpTransceiver): void {
	const codecs = offeredVideoCodecs(RTCRtpReceiver.getCapabilities("video")?.codecs ?? []);
	if (codecs.length > 0) transceiver.setCodecPreferences?.(codecs);
}

/** Answering, there is no `sendEncodings` to pass; a browser that refuses parameters at this point sends with its own limits. */
async function limitEncoding(sender: RTCRtpSender): Promise<void> {
	const parameters = sender.getParameters();
	const [encoding] = parameters.encodings ?? [];
	if (!encoding) return;
	Object.assign(encoding, videoEncoding);
	await sender.setParameters(parameters).catch(() => {});
}

function fingerprintText(digest: Uint8Array): string {
	return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join(":");
}
