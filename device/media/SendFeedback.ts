import type { Bin, Element, GstObject, GstValue, Structure } from "./gst/index.ts";
import type { PeerStats } from "./stats.ts";

/**
 * What the far end says of what we send: transport-cc feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01) and receiver
 * reports (RFC 3550, section 6.4.1), read from webrtcbin's one RTP session (all media are bundled).
 */
export class SendFeedback {
	readonly #element: Element | null;
	readonly #session: GstObject | null;

	constructor(webrtcbin: Bin) {
		const rtpbin = webrtcbin.getElementByName("rtpbin");
		this.#element = object<Element>(rtpbin?.emit("get-session", 0));
		this.#session = object<GstObject>(rtpbin?.emit("get-internal-session", 0));
		rtpbin?.dispose();
	}

	read(): PeerStats["path"] {
		const twcc = structure(this.#element?.get("twcc-stats"));
		const report = this.#worstReport();
		const known = number(twcc["packets-sent"]) !== null && (number(twcc["packets-sent"]) ?? 0) > 0;
		return {
			loss: known ? percent(twcc["packet-loss-pct"]) : report.loss,
			roundTripMs: report.roundTripMs,
			receivedBitrate: known ? number(twcc["bitrate-recv"]) : null,
			delayGrowthUs: known ? micro(twcc["avg-delta-of-delta"]) : null,
		};
	}

	/** Packets and bytes that came in, of all kinds: their standstill shows a dead path. */
	received(): number {
		return this.#sources().reduce((sum, source) => {
			if (source["internal"] === true) return sum;
			return sum + (number(source["packets-received"]) ?? 0) + (number(source["sr-ntptime"]) ?? 0);
		}, 0);
	}

	dispose(): void {
		this.#element?.dispose();
		this.#session?.dispose();
	}

	#worstReport(): { loss: number | null; roundTripMs: number | null } {
		let loss: number | null = null;
		let roundTripMs: number | null = null;
		for (const source of this.#sources()) {
			if (source["internal"] !== true || source["have-rb"] !== true) continue;
			// Fraction lost is in 256ths; the round trip in 65536ths of a second.
			loss = Math.max(loss ?? 0, (number(source["rb-fractionlost"]) ?? 0) / 256);
			const trip = number(source["rb-round-trip"]);
			if (trip !== null && trip > 0) roundTripMs = Math.max(roundTripMs ?? 0, (trip * 1_000) / 65_536);
		}
		return { loss, roundTripMs };
	}

	#sources(): Structure[] {
		const sources = structure(this.#session?.get("stats"))["source-stats"];
		return Array.isArray(sources) ? sources.map(structure) : [];
	}
}

function object<T extends GstObject>(value: GstValue): T | null {
	return typeof value === "object" && value !== null && "handle" in value ? (value as T) : null;
}

function structure(value: GstValue): Structure {
	return typeof value === "object" && value !== null && !Array.isArray(value) && !("handle" in value)
		? (value as Structure)
		: {};
}

function number(value: GstValue): number | null {
	return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function percent(value: GstValue): number | null {
	const amount = number(value);
	return amount === null ? null : amount / 100;
}

function micro(nanoseconds: GstValue): number | null {
	const amount = number(nanoseconds);
	return amount === null ? null : amount / 1_000;
}
