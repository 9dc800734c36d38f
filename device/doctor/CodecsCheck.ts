import { Pipeline } from "../media/gst/index.ts";
import { type Check, care, type Finding, failed, fine } from "./Check.ts";

const codecs = [
	{
		name: "H.264",
		chain: "openh264enc ! h264parse ! openh264dec",
		source: "videotestsrc num-buffers=15 ! video/x-raw,format=I420,width=640,height=360",
	},
	{
		name: "VP8",
		chain: "vp8enc deadline=1 cpu-used=-8 ! vp8dec",
		source: "videotestsrc num-buffers=15 ! video/x-raw,format=I420,width=640,height=360",
	},
	{
		name: "Opus",
		chain: "opusenc ! opusdec",
		source: "audiotestsrc num-buffers=25 ! audio/x-raw,rate=48000,channels=1",
	},
];

/** Encodes and decodes a moment with each codec: installed is not yet working. */
export class CodecsCheck implements Check {
	readonly id = "codecs";
	readonly title = "Codecs";

	async run(signal: AbortSignal): Promise<Finding> {
		const broken: string[] = [];
		for (const { name, chain, source } of codecs) {
			if (!(await works(`${source} ! ${chain} ! fakesink`, signal))) broken.push(name);
		}
		const hardware = ["vah264enc", "v4l2h264enc", "msdkh264enc"].filter((element) => Pipeline.elementExists(element));
		if (broken.length === codecs.length || broken.includes("Opus"))
			return failed(
				"doctor.codec_broken",
				`not working: ${broken.join(", ")}`,
				"apt-get install --reinstall gstreamer1.0-plugins-bad gstreamer1.0-plugins-good gstreamer1.0-plugins-base",
			);
		if (broken.length > 0)
			return care(
				"doctor.codec_broken",
				`not working: ${broken.join(", ")}; calls use the other`,
				"apt-get install --reinstall gstreamer1.0-plugins-bad gstreamer1.0-plugins-good",
			);
		return fine(
			`H.264, VP8, Opus work; ${hardware.length ? `hardware encoder ${hardware.join(", ")}` : "encoding in software"}`,
		);
	}
}

async function works(description: string, signal: AbortSignal): Promise<boolean> {
	let pipeline: Pipeline;
	try {
		pipeline = new Pipeline(description);
	} catch {
		return false;
	}
	try {
		await pipeline.play();
		while (!signal.aborted) {
			const message = await pipeline.busPop(500);
			if (message?.type === "eos") return true;
			if (message?.type === "error") return false;
		}
		return false;
	} catch {
		return false;
	} finally {
		await pipeline.dispose();
	}
}
