import { ManualClock } from "../../../../device/core/clock.ts";
import { BrowserPeer } from "../../../../ui/guest/model/BrowserPeer.ts";

/** Runs in the browser: two peers in one page, joined by hand, so that each step of the gate can be looked at. */
export interface PairOptions {
	/** Changes the SDP that the named side receives, as whoever controls signalling could. */
	tamper?: { offer?: "fingerprint" | "fingerprint-and-expected"; answer?: "fingerprint" | "fingerprint-and-expected" };
	release: { offerer: boolean; answerer: boolean };
}

export interface PairState {
	events: { offerer: string[]; answerer: string[] };
	/** Bytes of RTP sent, as the transport counts them. */
	sent: { offerer: number; answerer: number };
	farMedia: { offerer: boolean; answerer: boolean };
	error: string | null;
}

const otherFingerprint = new Uint8Array(32).fill(0xab);

function fingerprintOf(sdp: string): Uint8Array {
	const text = /a=fingerprint:sha-256 ([0-9A-F:]+)/i.exec(sdp)?.[1] ?? "";
	return Uint8Array.from(text.split(":"), (pair) => Number.parseInt(pair, 16));
}

function withFingerprint(sdp: string, digest: Uint8Array): string {
	const text = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0").toUpperCase()).join(":");
	return sdp.replaceAll(/a=fingerprint:sha-256 [0-9A-F:]+/gi, `a=fingerprint:sha-256 ${text}`);
}

function tampered(sdp: string, how: "fingerprint" | "fingerprint-and-expected" | undefined): [string, Uint8Array] {
	if (!how) return [sdp, fingerprintOf(sdp)];
	return [withFingerprint(sdp, otherFingerprint), how === "fingerprint" ? fingerprintOf(sdp) : otherFingerprint];
}

class Side {
	readonly events: string[] = [];
	readonly clock = new ManualClock();
	far: MediaStream | null = null;
	peer!: BrowserPeer;
	stream!: MediaStream;
	readonly candidates: string[] = [];

	async start(): Promise<void> {
		this.stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
		this.peer = await BrowserPeer.create({
			iceServers: [],
			localTrack: (kind) => this.stream.getTracks().find((track) => track.kind === kind) ?? null,
			onFarMedia: (stream) => {
				this.far = stream;
			},
			clock: this.clock,
		});
		for (const name of ["connected", "lost", "refused"] as const)
			this.peer.events.on(name, () => void this.events.push(name));
	}

	async sent(): Promise<number> {
		let bytes = 0;
		for (const report of (await this.peer.getStats()).values())
			if (report.type === "outbound-rtp") bytes += report.bytesSent;
		return bytes;
	}
}

let offerer: Side;
let answerer: Side;
let error: string | null = null;

const api = {
	async start(options: PairOptions): Promise<void> {
		offerer = new Side();
		answerer = new Side();
		await Promise.all([offerer.start(), answerer.start()]);
		for (const [from, to] of [
			[offerer, answerer],
			[answerer, offerer],
		] as const)
			from.peer.events.on("candidate", (candidate) => {
				from.candidates.push(candidate.candidate);
				void to.peer.addCandidate(candidate);
			});
		try {
			const offer = await offerer.peer.createOffer();
			const answer = await answerer.peer.acceptOffer(...tampered(offer, options.tamper?.offer));
			await offerer.peer.acceptAnswer(...tampered(answer, options.tamper?.answer));
		} catch (thrown) {
			error = (thrown as { code?: string }).code ?? String(thrown);
		}
		if (options.release.offerer) offerer.peer.release();
		if (options.release.answerer) answerer.peer.release();
	},
	release(): void {
		offerer.peer.release();
		answerer.peer.release();
	},
	async state(): Promise<PairState> {
		return {
			events: { offerer: offerer.events, answerer: answerer.events },
			sent: { offerer: await offerer.sent(), answerer: await answerer.sent() },
			farMedia: { offerer: offerer.far !== null, answerer: answerer.far !== null },
			error,
		};
	},
	candidates: () => ({ offerer: offerer.candidates, answerer: answerer.candidates }),
	closeOfferer: () => offerer.peer.close(),
	/** As the browser's statistics say. */
	async answererDtls(): Promise<string> {
		const report = [...(await answerer.peer.getStats()).values()];
		return report.find(({ type }) => type === "transport")?.dtlsState ?? "";
	},
	/** Moves the answerer's clock. */
	passTime: (ms: number) => answerer.clock.advance(ms),
	/** Codec that the offerer's video leaves with, and frames that the answerer decoded. */
	async video(): Promise<{ codec: string; decoded: number; rtx: boolean }> {
		const report = [...(await answerer.peer.getStats()).values()];
		const inbound = report.find((entry) => entry.type === "inbound-rtp" && entry.kind === "video");
		const codec = report.find((entry) => entry.id === inbound?.codecId);
		return { codec: codec?.mimeType ?? "", decoded: inbound?.framesDecoded ?? 0, rtx: inbound?.rtxSsrc !== undefined };
	},
};
export type PeersPage = typeof api;
(globalThis as unknown as { peers: PeersPage }).peers = api;
