/** Changes what is written over the TV's picture as fast as it can, while as many pictures pass as can be drawn; prints how often it did. */
import { captions } from "../../../../device/media/captions.ts";
import { Pipeline } from "../../../../device/media/gst/index.ts";
import type { TvScene } from "../../../../device/media/MediaEngine.ts";
import { overlayDescription } from "../../../../device/media/TvOverlay.ts";

const [width, height] = [640, 360];
const scenes: TvScene[] = [
	{ layout: "resting", name: "Berlin", status: "", locked: false, selfView: false, locale: "de" },
	{ layout: "call", name: "Ada", status: "Ende-zu-Ende verschlüsselt", locked: true, verified: true, selfView: true },
];
const pipeline = new Pipeline(
	`videotestsrc ! video/x-raw,format=I420,width=${width},height=${height},framerate=60/1 ! ` +
		`${overlayDescription(width, height)} ! fakesink sync=false`,
);
await pipeline.play();
let changes = 0;
for (; changes < 20_000; changes += 1) {
	const { clock, line, name } = captions(scenes[changes % 2] as TvScene, height, new Date());
	for (const [element, properties] of Object.entries({ "tv-clock": clock, "tv-line": line, "tv-name": name })) {
		const found = pipeline.getElementByName(element);
		found?.setAll(properties);
		found?.dispose();
	}
}
pipeline.dispose();
console.log(changes);
