// A program, not a test: comes to its end in the way that the argument names, with pipelines playing, listeners connected, probes on
// pads, samples queued and promises pending. It must end, and quickly, whatever Node takes down first.
import { Worker } from "node:worker_threads";
import { liveObjects, Pipeline, WebrtcGate } from "../../../../device/media/gst/index.ts";
import { native } from "../../../../device/media/gst/native.ts";
import { until } from "./until.ts";

const way = process.argv[2] ?? process.env["ENDING"] ?? "natural";

function busy(): Pipeline {
	const pipeline = new Pipeline(
		"webrtcbin name=webrtc videotestsrc is-live=true name=src ! video/x-raw,width=64,height=48 ! tee name=t ! queue ! " +
			"appsink name=sink sync=false t. ! queue ! decodebin name=unlinked",
	);
	pipeline.onMessage(() => undefined);
	const sink = pipeline.getElementByName("sink");
	if (sink?.type === "app-sink-element") sink.onSample(() => undefined);
	pipeline.getElementByName("src")?.addPadProbe("src", () => undefined);
	pipeline.getElementByName("src")?.pad("src")?.count();
	pipeline.getElementByName("unlinked")?.connect("pad-added", () => undefined);
	const webrtcbin = pipeline.getElementByName("webrtc");
	if (webrtcbin) {
		webrtcbin.onNotify("connection-state", () => undefined);
		WebrtcGate.of(webrtcbin).onChange(() => undefined);
	}
	return pipeline;
}

async function run(): Promise<Pipeline> {
	const pipeline = busy();
	await pipeline.play(0);
	const counter = pipeline.getElementByName("sink")?.pad("sink")?.count();
	await until(() => (counter?.read().buffers ?? 0) > 2, "buffers");
	return pipeline;
}

switch (way) {
	case "instrumented":
		console.log(native().sanitized ? "instrumented" : "plain");
		break;
	case "natural":
		await run();
		break;
	case "exit":
		await run();
		process.exit(0);
		break;
	case "throw":
		await run();
		throw new Error("on purpose");
	case "garbage": {
		// Pipelines that nobody holds any more while they play: the collector takes them, and they are stopped aside.
		for (let count = 0; count < 5; count++) await new Pipeline("videotestsrc is-live=true ! fakesink").play();
		await until(() => {
			globalThis.gc?.();
			return liveObjects() === 0;
		}, "the collector");
		break;
	}
	case "worker":
		// An environment that ends while the process goes on.
		for (let round = 0; round < 3; round++) {
			const worker = new Worker(new URL(import.meta.url), {
				env: { ...process.env, ENDING: "natural" },
				argv: ["natural"],
			});
			await new Promise((resolve) => worker.on("exit", resolve));
		}
		console.log("workers ended");
		break;
}
