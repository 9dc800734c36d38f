import { Pipeline } from "../media/gst/index.ts";
import { type Check, type Finding, failed, fine } from "./Check.ts";

/** GStreamer elements that a call is made of, by the Debian package that has them. */
const elements: Record<string, string[]> = {
	"gstreamer1.0-plugins-base": [
		"appsink",
		"audioconvert",
		"audioresample",
		"audiotestsrc",
		"compositor",
		"opusdec",
		"opusenc",
		"videoconvert",
		"videotestsrc",
		"volume",
	],
	"gstreamer1.0-x": ["textoverlay", "clockoverlay"],
	"gstreamer1.0-plugins-good": [
		"gdkpixbufoverlay",
		"imagefreeze",
		"jpegenc",
		"level",
		"pngdec",
		"rtph264depay",
		"rtph264pay",
		"rtpopusdepay",
		"rtpopuspay",
		"rtpvp8depay",
		"rtpvp8pay",
		"rtpbin",
		"rtprtxsend",
		"v4l2src",
		"vp8dec",
		"vp8enc",
	],
	"gstreamer1.0-plugins-bad": [
		"dtlsdec",
		"dtlsenc",
		"h264parse",
		"openh264dec",
		"openh264enc",
		"srtpdec",
		"srtpenc",
		"webrtcbin",
		"webrtcdsp",
		"webrtcechoprobe",
	],
	"gstreamer1.0-nice": ["nicesrc", "nicesink"],
};

/** Whether every part of a call's pipeline is installed. */
export class ElementsCheck implements Check {
	readonly id = "gstreamer.elements";
	readonly title = "GStreamer elements";
	readonly #exists: (element: string) => boolean;

	constructor(exists: (element: string) => boolean = (element) => Pipeline.elementExists(element)) {
		this.#exists = exists;
	}

	async run(): Promise<Finding> {
		const missing = Object.entries(elements)
			.map(([pack, names]) => ({ pack, names: names.filter((name) => !this.#exists(name)) }))
			.filter(({ names }) => names.length > 0);
		if (missing.length === 0) return fine(`all ${Object.values(elements).flat().length} are installed`);
		return failed(
			"doctor.element_missing",
			`missing: ${missing.flatMap(({ names }) => names).join(", ")}`,
			`apt-get install ${missing.map(({ pack }) => pack).join(" ")}`,
		);
	}
}
