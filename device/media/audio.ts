import type { FoundDevice } from "./devices.ts";
import { isolate } from "./Hub.ts";
import type { SourcePlan } from "./sources.ts";

/** The name by which the echo canceller finds what the loudspeaker plays. */
const probe = "speaker-probe";
const level = (name: string): string => `level name=${name} interval=100000000 post-messages=true`;

/**
 * From a microphone to the hub. Where room sound reaches it: echo cancellation against what the loudspeaker plays, noise suppression,
 * automatic gain (WebRTC's audio processing). Mute is a valve behind it, so that the canceller stays adapted and yet not one buffer
 * passes; the meter sits behind the valve and shows what really goes out.
 * @param speaker Whether a loudspeaker plays; without one there is no echo, and no probe to name.
 */
export function microphoneDescription(plan: SourcePlan, options: { muted: boolean; speaker: boolean }): string {
	const processing = plan.acoustic
		? ` ! webrtcdsp name=microphone-processing echo-cancel=${options.speaker}${options.speaker ? ` probe=${probe}` : ""} ` +
			"echo-suppression-level=moderate noise-suppression=true noise-suppression-level=high gain-control=true " +
			"gain-control-mode=adaptive-digital target-level-dbfs=6 limiter=true high-pass-filter=true"
		: "";
	const valve = `valve name=valve drop=${options.muted} drop-mode=forward-sticky-events`;
	return `${plan.description}${processing} ! ${valve} ! ${level("microphone-level")}`;
}

/** What sits in the far end's sound before it is handed to whoever plays it. */
export const farAudioBetween = `audioconvert ! ${level("far-level")} ! volume name=speaker-volume`;

/** From the far end's sound to a loudspeaker; the probe hears what is played. 40 ms in the device: enough for a busy machine. */
export function speakerDescription({ element }: FoundDevice): string {
	const open = element.replace(/^(\S+)/, "$1 name=speaker-device");
	const timing = /^(alsa|pulse)/.test(element) ? " buffer-time=40000 latency-time=10000" : "";
	return (
		`${isolate} ! queue max-size-time=200000000 max-size-buffers=0 max-size-bytes=0 ! audioconvert ! audioresample ! ` +
		`audio/x-raw,format=S16LE,rate=48000,channels=2,layout=interleaved ! webrtcechoprobe name=${probe} ! ${open}${timing} async=false`
	);
}

/** A panel's volume, 0–100, as an amplification: cubic, so that half way sounds half as loud. */
export function amplification(volume: number): number {
	return (Math.min(100, Math.max(0, volume)) / 100) ** 3;
}

/** A `level` message's loudness as a meter draws it: 0 at −60 dB and below, 1 at 0 dB; the loudest channel. */
export function meter(rmsDb: unknown): number {
	const channels = (Array.isArray(rmsDb) ? rmsDb : [rmsDb]).filter(
		(value): value is number => typeof value === "number",
	);
	const loudest = Math.max(-60, ...channels.filter((value) => !Number.isNaN(value)));
	return Math.min(1, (loudest + 60) / 60);
}
