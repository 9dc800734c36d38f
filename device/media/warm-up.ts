import { encodersFor, usableCodecs } from "./encoder.ts";
import { Element, Pipeline } from "./gst/index.ts";

/**
 * Loads what a call will need, so that a tap does not wait for plugins to be read from disk: makes one of each element and lets it
 * go. Nothing is opened: no device, no socket.
 */
export function warmUp(): void {
	const codecs = usableCodecs(Pipeline.elementExists);
	const factories = [
		"webrtcbin nicesrc nicesink dtlssrtpenc dtlssrtpdec rtpbin rtpsession rtpjitterbuffer rtprtxsend rtprtxreceive",
		"rtpfunnel rtpssrcdemux rtpptdemux rtpstorage rtpulpfecdec rtphdrexttwcc srtpenc srtpdec clocksync",
		"valve videorate videoscale capsfilter rtph264pay rtph264depay rtpvp8pay rtpvp8depay openh264dec vp8dec",
		"opusenc rtpopuspay rtpopusdepay opusdec audioconvert level volume queue",
		"compositor clockoverlay textoverlay gdkpixbufoverlay pngdec imagefreeze videoconvert jpegenc appsink videotestsrc audiotestsrc",
		...codecs.flatMap((codec) => encodersFor(codec, Pipeline.elementExists).map(({ element }) => element)),
	].flatMap((names) => names.split(" "));
	for (const factory of factories) if (Pipeline.elementExists(factory)) Element.make(factory).dispose();
}
