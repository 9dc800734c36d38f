// A program, not a test: makes calls one after the other, each until media flows both ways, and disposes them. Prints one JSON line
// after each call: what is still alive. Run under sanitizers and by the leak test. Arguments: number of calls.
import { readdirSync, readFileSync } from "node:fs";
import { DeviceMonitor, liveObjects, Pipeline } from "../../../../device/media/gst/index.ts";
import { connect, Endpoint } from "./Endpoint.ts";
import { until } from "./until.ts";

const calls = Number(process.argv[2] ?? 1);

function resident(): number {
	const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
	return Number(kilobytes ?? 0);
}

async function call(): Promise<void> {
	const a = new Endpoint();
	const b = new Endpoint();
	a.gate.expect(b.gate.certificateSha256);
	b.gate.expect(a.gate.certificateSha256);
	a.gate.release();
	b.gate.release();
	await connect(a, b);
	await until(() => a.gate.counters().received.passed > 3 && b.gate.counters().received.passed > 3, "media", 60_000);
	await a.webrtcbin.request("get-stats", null);
	// Left unanswered on purpose: disposing rejects it.
	const unanswered = b.webrtcbin.request("get-stats", null).catch(() => undefined);
	await Promise.all([a.dispose(), b.dispose()]);
	await unanswered;
}

/** The rest of the surface, once: what a sanitizer should see run. */
async function surface(): Promise<void> {
	const pipeline = new Pipeline(
		"videotestsrc is-live=true ! tee name=t ! queue ! appsink name=sink max-buffers=2 drop=true",
	);
	pipeline.onMessage(() => undefined);
	const sink = pipeline.getElementByName("sink");
	await pipeline.play();
	if (sink?.type === "app-sink-element") await sink.getSample(-1);
	const stop = pipeline.getElementByName("t")?.addPadProbe("sink", () => undefined);
	const branch = pipeline.addDescription("queue ! fakesink async=false");
	branch.syncStateWithParent();
	const entry = branch.pad("sink");
	if (entry) pipeline.getElementByName("t")?.requestPad("src_%u").link(entry);
	await pipeline.removeSafely(branch);
	stop?.();
	const monitor = new DeviceMonitor([{ classes: "Video/Source" }]);
	await monitor.start();
	for (const device of monitor.devices()) device.dispose();
	await monitor.dispose();
	await pipeline.dispose();
}

await surface();
for (let count = 1; count <= calls; count++) {
	await call();
	console.log(
		JSON.stringify({
			count,
			live: liveObjects(),
			fds: readdirSync("/proc/self/fd").length,
			threads: readdirSync("/proc/self/task").length,
			residentKb: resident(),
		}),
	);
}
