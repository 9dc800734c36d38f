import type { Picture } from "./rate-control.ts";

export type VideoCodec = "h264" | "vp8";

/** One way to encode on this machine; everything that differs between encoder elements. See docs/adr/0003-codecs.md for the figures. */
export interface EncoderKind {
	codec: VideoCodec;
	/** The element's factory. */
	element: string;
	hardware: boolean;
	/** Launch description from raw I420 to encoded, with the element named `encoder`. */
	description: (bitrate: number, picture: Picture) => string;
	/** How a new bit rate (bit/s) is set while it plays; null where the driver takes none and the bin must be made anew. */
	bitrateProperty: { name: string; divisor: number } | null;
}

const keyFrameEverySeconds = 10;

/**
 * In order of preference. Hardware first: it leaves the processor to everything else. All are set to constrained baseline (what every
 * WebRTC endpoint must decode: RFC 7742, section 6.2), no B frames, constant bit rate, key frames on request and otherwise rarely.
 */
export const encoderKinds: readonly EncoderKind[] = [
	{
		codec: "h264",
		element: "vah264enc",
		hardware: true,
		description: (bitrate, { fps }) =>
			`videoconvert ! video/x-raw,format=NV12 ! vah264enc name=encoder rate-control=cbr bitrate=${kilo(bitrate)} ` +
			`key-int-max=${fps * keyFrameEverySeconds} b-frames=0 ref-frames=1 ! video/x-h264,profile=constrained-baseline ! ` +
			"h264parse config-interval=-1",
		bitrateProperty: { name: "bitrate", divisor: 1_000 },
	},
	{
		codec: "h264",
		element: "v4l2h264enc",
		hardware: true,
		description: (bitrate, { fps }) =>
			`v4l2h264enc name=encoder extra-controls="controls,video_bitrate=${bitrate},video_bitrate_mode=1,` +
			`h264_i_frame_period=${fps * keyFrameEverySeconds},repeat_sequence_header=1" ! ` +
			"video/x-h264,profile=constrained-baseline ! h264parse config-interval=-1",
		bitrateProperty: null,
	},
	{
		codec: "h264",
		element: "msdkh264enc",
		hardware: true,
		description: (bitrate, { fps }) =>
			`videoconvert ! video/x-raw,format=NV12 ! msdkh264enc name=encoder rate-control=cbr bitrate=${kilo(bitrate)} ` +
			`gop-size=${fps * keyFrameEverySeconds} b-frames=0 ref-frames=1 low-power=false ! ` +
			"video/x-h264,profile=constrained-baseline ! h264parse config-interval=-1",
		bitrateProperty: { name: "bitrate", divisor: 1_000 },
	},
	{
		codec: "h264",
		element: "openh264enc",
		hardware: false,
		// One thread: at 3 ms a frame more threads only cost. Background detection and adaptive quantization cost time and 0.3 dB here;
		// scene change detection would add key frames nobody asked for. Frames are never skipped: the rate control drops the rate instead.
		description: (bitrate, { fps }) =>
			`openh264enc name=encoder usage-type=camera complexity=low rate-control=bitrate bitrate=${bitrate} multi-thread=1 ` +
			`gop-size=${fps * keyFrameEverySeconds} enable-frame-skip=false scene-change-detection=false ` +
			"background-detection=false adaptive-quantization=false",
		bitrateProperty: { name: "bitrate", divisor: 1 },
	},
	{
		codec: "vp8",
		element: "vp8enc",
		hardware: false,
		description: (bitrate, { fps }) =>
			`vp8enc name=encoder deadline=1 cpu-used=-8 threads=1 end-usage=cbr target-bitrate=${bitrate} ` +
			`keyframe-max-dist=${fps * keyFrameEverySeconds} keyframe-mode=auto lag-in-frames=0 error-resilient=default ` +
			"buffer-size=600 buffer-initial-size=300 buffer-optimal-size=400 undershoot=95 static-threshold=100 " +
			"min-quantizer=4 max-quantizer=56",
		bitrateProperty: { name: "target-bitrate", divisor: 1 },
	},
];

/**
 * The encoders for a codec that this machine has, best first.
 * @param exists Whether a factory is registered. A hardware element registers only where its driver is there.
 * @param broken Factories that failed in this process; they are not tried again.
 */
export function encodersFor(
	codec: VideoCodec,
	exists: (factory: string) => boolean,
	broken: ReadonlySet<string> = new Set(),
): EncoderKind[] {
	return encoderKinds.filter((kind) => kind.codec === codec && !broken.has(kind.element) && exists(kind.element));
}

/** The codecs that we can both encode and decode, in order of preference: H.264 first (hardware, and cheapest in software), then VP8. */
export function usableCodecs(exists: (factory: string) => boolean): VideoCodec[] {
	return (["h264", "vp8"] as const).filter((codec) => encodersFor(codec, exists).length > 0 && exists(decoders[codec]));
}

/** Decoder elements. openh264dec is BSD, like its encoder; libvpx is BSD. */
export const decoders: Record<VideoCodec, string> = { h264: "openh264dec", vp8: "vp8dec" };

function kilo(bitrate: number): number {
	return Math.max(1, Math.round(bitrate / 1_000));
}
