/**
 * Runs in the browser: a guest who holds the link, signs properly, and whose transport presents another certificate than the signed
 * one. It minds no gate: it sends from the first moment and plays whatever comes.
 */
import { Emitter } from "../../../device/core/Emitter.ts";
import { createGuestIdentity } from "../../../device/meeting/identity.ts";
import { parseLink } from "../../../device/meeting/link.ts";
import { Meeting } from "../../../device/meeting/Meeting.ts";
import type { Candidate, Peer, PeerEvents } from "../../../device/meeting/Peer.ts";

interface LyingGuestState {
	/** Of the transport: `connected` once DTLS is up as the browser sees it. */
	connection: string;
	/** As the meeting says. */
	failed: string | null;
}
const state: LyingGuestState = { connection: "new", failed: null };

class LyingPeer implements Peer {
	readonly events = new Emitter<PeerEvents>();
	readonly #pc: RTCPeerConnection;
	readonly #lie: boolean;
	readonly #early: Candidate[] = [];
	#described = false;

	constructor(stream: MediaStream, lie: boolean) {
		this.#lie = lie;
		this.#pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
		for (const track of stream.getTracks()) this.#pc.addTrack(track, stream);
		this.#pc.addEventListener("icecandidate", ({ candidate }) => {
			if (candidate?.candidate) this.events.emit("candidate", { candidate: candidate.candidate, sdpMLineIndex: 0 });
		});
		this.#pc.addEventListener("connectionstatechange", () => {
			state.connection = this.#pc.connectionState;
			if (state.connection === "connected") this.events.emit("connected", undefined);
		});
	}

	async createOffer(): Promise<string> {
		await this.#pc.setLocalDescription(await this.#pc.createOffer());
		const { sdp } = this.#pc.localDescription as RTCSessionDescription;
		if (!this.#lie) return sdp;
		const other = Array.from(crypto.getRandomValues(new Uint8Array(32)), (byte) => byte.toString(16).padStart(2, "0"));
		return sdp.replaceAll(/(a=fingerprint:sha-256) \S+/g, `$1 ${other.join(":").toUpperCase()}`);
	}

	acceptOffer(): Promise<string> {
		throw new Error("a guest offers");
	}

	async acceptAnswer(sdp: string): Promise<void> {
		await this.#pc.setRemoteDescription({ type: "answer", sdp });
		this.#described = true;
		for (const candidate of this.#early.splice(0)) await this.addCandidate(candidate);
	}

	async addCandidate(candidate: Candidate): Promise<void> {
		if (this.#described) await this.#pc.addIceCandidate(candidate);
		else this.#early.push(candidate);
	}

	release(): void {}

	/** Never lets go, whatever the meeting says. */
	async close(): Promise<void> {}
}

const api = {
	async join(text: string, options: { lie: boolean }): Promise<void> {
		const link = parseLink(text);
		const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
		const meeting = new Meeting({
			link,
			identity: await createGuestIdentity(),
			name: "Mallory",
			trust: { caPin: link.caPin, isRevoked: () => false },
			createPeer: async () => new LyingPeer(stream, options.lie),
			media: { microphone: true, camera: true },
		});
		meeting.events.on("failed", ({ code }) => {
			state.failed = code;
		});
		meeting.start();
	},
	state: (): LyingGuestState => state,
};
export type LyingGuestPage = typeof api;
(globalThis as unknown as { lyingGuest: LyingGuestPage }).lyingGuest = api;
