/** What goes through a guest page's transports, and a network that leads them elsewhere; put into the page before its own scripts. */
import type { Page } from "playwright-core";

/** The most that any transport of the page ever counted: media that was decrypted, decoded, sent. */
export interface MediaCount {
	received: number;
	decoded: number;
	sent: number;
	/** Transports that the page made. */
	transports: number;
}

/** Where the network leads the guest's packets, and the room's to the guest. */
export interface Detour {
	address: string;
	/** Faces the guest. */
	guestPort: number;
	/** Faces the room. */
	roomPort: number;
}

/** Runs in the page. Self-contained: it is sent there as text. */
function install(detour: Detour | null): void {
	const count: MediaCount = { received: 0, decoded: 0, sent: 0, transports: 0 };
	(globalThis as unknown as { mediaCount: MediaCount }).mediaCount = count;
	const look = async (transport: RTCPeerConnection): Promise<void> => {
		for (const report of (await transport.getStats()).values()) {
			if (report.type === "inbound-rtp") {
				count.received = Math.max(count.received, report.packetsReceived ?? 0);
				count.decoded = Math.max(count.decoded, report.framesDecoded ?? 0, report.totalSamplesReceived ?? 0);
			}
			if (report.type === "outbound-rtp") count.sent = Math.max(count.sent, report.packetsSent ?? 0);
		}
	};
	const { prototype } = RTCPeerConnection;
	const { addEventListener, addIceCandidate, close } = prototype;
	const Native = RTCPeerConnection;
	globalThis.RTCPeerConnection = class extends Native {
		constructor(configuration?: RTCConfiguration) {
			super(configuration);
			count.transports += 1;
			const looking = setInterval(() => {
				if (this.signalingState === "closed") clearInterval(looking);
				else void look(this);
			}, 50);
		}
	};
	prototype.close = function () {
		void look(this);
		close.call(this);
	};
	if (!detour) return;
	const redirected = (candidate: string, port: number): string | null => {
		const parts = candidate.split(" ");
		if (parts[2]?.toLowerCase() !== "udp" || parts[4]?.includes(":")) return null;
		parts[4] = detour.address;
		parts[5] = String(port);
		return parts.join(" ");
	};
	const add = addIceCandidate as (this: RTCPeerConnection, candidate: RTCIceCandidateInit) => Promise<void>;
	prototype.addIceCandidate = function (candidate?: RTCIceCandidateInit | null) {
		const line = redirected(candidate?.candidate ?? "", detour.guestPort);
		return line ? add.call(this, { ...candidate, candidate: line }) : Promise.resolve();
	};
	prototype.addEventListener = function (
		type: string,
		listener: EventListenerOrEventListenerObject,
		options?: unknown,
	) {
		const heard = (event: Event): void => {
			const { candidate } = event as RTCPeerConnectionIceEvent;
			const line = redirected(candidate?.candidate ?? "", detour.roomPort);
			const { sdpMLineIndex = 0 } = candidate ?? {};
			if (line) (listener as (event: unknown) => void)({ candidate: { candidate: line, sdpMLineIndex } });
		};
		const chosen = type === "icecandidate" ? heard : listener;
		addEventListener.call(this, type, chosen as EventListener, options as AddEventListenerOptions);
	};
}

/** To be called before the page opens. */
export function watchTransport(page: Page, detour: Detour | null = null): Promise<unknown> {
	return page.addInitScript(install, detour);
}

export function mediaCount(page: Page): Promise<MediaCount> {
	return page.evaluate(() => (globalThis as unknown as { mediaCount: MediaCount }).mediaCount);
}
