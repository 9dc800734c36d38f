import { beforeAll, describe, expect, it } from "vitest";
import {
	Bin,
	DeviceMonitor,
	Element,
	type GstObject,
	gstVersion,
	listFactories,
	type Pad,
	Pipeline,
	type SessionDescription,
	setRank,
} from "../../../../device/media/gst/index.ts";
import { makeNative } from "./built.ts";
import { until } from "./until.ts";

beforeAll(() => makeNative(), 300_000);

async function using(description: string, body: (pipeline: Pipeline) => Promise<void> | void): Promise<void> {
	const pipeline = description ? new Pipeline(description) : Pipeline.empty();
	try {
		await body(pipeline);
	} finally {
		await pipeline.dispose();
	}
}

const refusedWith = (code: string) => expect.objectContaining({ name: "RoomError", code });

describe("signals", () => {
	it("reach JavaScript in order, until disconnected", async () => {
		await using("identity name=id ! fakesink", async (pipeline) => {
			const identity = pipeline.getElementByName("id")!;
			const heard: unknown[] = [];
			const stop = identity.connect("notify::sleep-time", (property) =>
				heard.push(property, identity.get("sleep-time")),
			);
			identity.set("sleep-time", 1);
			await until(() => heard.length === 2, "the notification");
			expect(heard).toEqual(["sleep-time", 1]);
			stop();
			stop();
			identity.set("sleep-time", 2);
			let last: unknown;
			identity.onNotify("sleep-time", (value) => (last = value));
			identity.set("sleep-time", 3);
			await until(() => last === 3, "the second listener");
			expect(heard).toHaveLength(2);
		});
	});

	it("end with the wrapper they were connected through", async () => {
		await using("identity name=id ! fakesink", async (pipeline) => {
			const first = pipeline.getElementByName("id")!;
			const second = pipeline.getElementByName("id")!;
			expect(first.same(second)).toBe(true);
			let heard = 0;
			first.connect("notify::sleep-time", () => heard++);
			let other = 0;
			second.connect("notify::sleep-time", () => other++);
			second.set("sleep-time", 5);
			first.dispose();
			second.set("sleep-time", 6);
			await until(() => other === 2, "the living listener");
			expect(heard).toBe(0);
		});
	});

	it("are refused by name", async () => {
		await using("identity name=id ! fakesink", (pipeline) => {
			const identity = pipeline.getElementByName("id")!;
			expect(() => identity.connect("nonsense", () => undefined)).toThrow(refusedWith("media.gst_signal_unknown"));
			expect(() => identity.emit("nonsense")).toThrow(refusedWith("media.gst_signal_unknown"));
			expect(() => identity.emit("handoff")).toThrow(refusedWith("media.gst_signal_unknown"));
			expect(() => identity.get("nonsense")).toThrow(refusedWith("media.gst_property_unknown"));
			expect(() => identity.connect("handoff", null as never)).toThrow(refusedWith("media.gst_argument"));
		});
	});
});

describe("promises", () => {
	it("resolve with the reply, reject with its error, and are refused by shape", async () => {
		await using("webrtcbin name=w", async (pipeline) => {
			const webrtcbin = pipeline.getElementByName("w")!;
			await pipeline.play(0);
			webrtcbin.emit(
				"add-transceiver",
				"sendrecv",
				"application/x-rtp,media=video,encoding-name=VP8,payload=96,clock-rate=90000",
			);
			const reply = await webrtcbin.request("create-offer", null);
			const offer = reply?.["offer"] as SessionDescription;
			expect(offer.type).toBe("offer");
			expect(offer.sdp).toContain("m=video");
			await expect(webrtcbin.request("set-local-description", offer)).resolves.toBeUndefined();
			await expect(webrtcbin.request("set-remote-description", offer)).rejects.toEqual(
				refusedWith("media.gst_promise"),
			);
			for (const bad of [{ type: "nonsense", sdp: offer.sdp }, { type: "offer", sdp: 1 }, "offer"]) {
				expect(() => webrtcbin.request("set-local-description", bad)).toThrow(refusedWith("media.gst_property_value"));
			}
			expect(() => webrtcbin.request("create-offer")).toThrow(refusedWith("media.gst_argument"));
			expect(() => webrtcbin.request("add-ice-candidate", 0, "x")).toThrow(refusedWith("media.gst_signal_unknown"));
			const transceivers = webrtcbin.emit("get-transceivers") as GstObject[];
			expect(transceivers.map((each) => each.typeName)).toEqual(["WebRTCTransceiver"]);
			expect(transceivers[0]?.get("direction")).toBe("sendrecv");
			for (const each of transceivers) each.dispose();
			const stats = await webrtcbin.request("get-stats", null);
			for (const entry of Object.values(stats ?? {})) expect(entry).toMatchObject({ id: expect.any(String) });
		});
	});

	it("are rejected when the pipeline goes before the answer", async () => {
		const pipeline = new Pipeline("webrtcbin name=w");
		const pending = pipeline.getElementByName("w")!.request("create-offer", null);
		const outcome = expect(pending).rejects.toEqual(refusedWith("media.gst_promise"));
		await pipeline.dispose();
		await outcome;
	});
});

describe("the bus stream", () => {
	it("tells only what was asked for", async () => {
		await using("audiotestsrc num-buffers=20 ! level interval=100000000 ! fakesink", async (pipeline) => {
			const heard: string[] = [];
			const levels: unknown[] = [];
			pipeline.onMessage(
				(message) => {
					heard.push(message.type);
					if (message.structureName === "level") levels.push(message["peak"]);
				},
				["eos", "element"],
			);
			await pipeline.play();
			await until(() => heard.includes("eos"), "the end");
			expect(new Set(heard)).toEqual(new Set(["element", "eos"]));
			expect(levels.length).toBeGreaterThan(1);
			expect(levels[0]).toEqual([expect.any(Number)]);
		});
	});

	it("keeps what is quiet until it is taken, or something else comes", async () => {
		await using("audiotestsrc is-live=true ! level interval=50000000 ! fakesink name=end", async (pipeline) => {
			const heard: string[] = [];
			pipeline.onMessage(({ type }) => heard.push(type), ["eos", "element"], ["element"]);
			const counter = pipeline.getElementByName("end")!.pad("sink")!.count();
			await pipeline.play();
			await until(() => counter.read().buffers >= 20, "sound");
			expect(heard).toEqual([]);
			pipeline.takeMessages();
			expect(heard).toContain("element");
			const taken = heard.length;
			pipeline.endOfStream();
			await until(() => heard.includes("eos"), "the end");
			expect(heard.slice(taken)).toContain("element");
		});
	});

	it("keeps a bounded number of messages when nobody reads", async () => {
		await using("audiotestsrc num-buffers=3000 ! level interval=1000000 ! fakesink", async (pipeline) => {
			await pipeline.play();
			await until(() => pipeline.queryPosition() > 60, "the stream to run");
			await pipeline.stop();
			let kept = 0;
			while ((await pipeline.busPop(0)) !== null) kept++;
			expect(kept).toBe(1024);
		});
	});
});

describe("pads and bins", () => {
	it("are made, linked, counted and described", async () => {
		await using("", async (pipeline) => {
			const source = Element.make("videotestsrc", "source");
			const tee = Element.make("tee");
			source.setAll({ "num-buffers": 7, pattern: "black" });
			pipeline.add(source, tee);
			source.link(tee, { caps: "video/x-raw,width=64,height=48" });
			const branch = pipeline.addDescription("queue ! fakesink name=end", { name: "branch" });
			const out = tee.requestPad("src_%u");
			expect([out.name, out.direction, out.linked]).toEqual(["src_0", "src", false]);
			const entry = branch.pad("sink")!;
			out.link(entry);
			expect(out.peer()?.same(entry)).toBe(true);
			expect(() => out.link(entry)).toThrow(refusedWith("media.gst_link"));
			expect(() => pipeline.add(source)).toThrow(refusedWith("media.gst_add"));
			expect(() => source.requestPad("none_%u")).toThrow(refusedWith("media.gst_pad"));
			const counter = branch.getElementByName("end")!.pad("sink")!.count();
			expect(counter.read()).toMatchObject({ buffers: 0, bytes: 0, firstMs: null, lastMs: null, firstEpochMs: null });
			await pipeline.play();
			await until(() => counter.read().buffers === 7, "seven buffers");
			const counts = counter.read();
			expect(counts).toMatchObject({ width: 64, height: 48, keyBuffers: 7 });
			expect(counts.bytes).toBeGreaterThan(7 * 64 * 48);
			expect(counts.lastMs).toBeGreaterThanOrEqual(counts.firstMs ?? Number.POSITIVE_INFINITY);
			expect(counts.lastMs).toBeLessThanOrEqual(Number(process.hrtime.bigint() / 1000n) / 1000);
			expect(out.caps()).toContain("width=(int)64");
			expect(pipeline.elements().map((element) => element.name)).toContain("branch");
			expect(pipeline.elements({ recursive: true }).map((element) => element.factory)).toContain("fakesink");
			expect(pipeline.dot()).toContain("digraph");
			expect(branch.parent()?.same(pipeline)).toBe(true);
			counter.dispose();
			counter.dispose();
			expect(counter.read().buffers).toBe(7);
		});
	});

	it("are blocked and let go", async () => {
		await using("videotestsrc is-live=true ! identity name=gate ! fakesink name=end", async (pipeline) => {
			const counter = pipeline.getElementByName("end")!.pad("sink")!.count();
			const pad = pipeline.getElementByName("gate")!.pad("src") as Pad;
			await pipeline.play();
			await until(() => counter.read().buffers > 3, "flow");
			expect(pad.blocked).toBe(false);
			await pad.block();
			expect(pad.blocked).toBe(true);
			expect(() => pad.block()).toThrow(refusedWith("media.gst_pad"));
			const held = counter.read().buffers;
			expect(pad.unblock()).toBe(true);
			expect(pad.unblock()).toBe(false);
			await until(() => counter.read().buffers > held + 3, "flow again");
		});
	});

	it("come and go while the rest plays", async () => {
		await using("videotestsrc is-live=true ! tee name=t ! queue ! fakesink name=main", async (pipeline) => {
			const errors: unknown[] = [];
			pipeline.onMessage((message) => errors.push(message), ["error"]);
			const main = pipeline.getElementByName("main")!.pad("sink")!.count();
			const tee = pipeline.getElementByName("t")!;
			await pipeline.play();
			for (let round = 0; round < 5; round++) {
				const branch = pipeline.addDescription("queue ! videoconvert ! fakesink name=end async=false", {
					name: `b${round}`,
				});
				const counter = branch.getElementByName("end")!.pad("sink")!.count();
				branch.syncStateWithParent();
				tee.requestPad("src_%u").link(branch.pad("sink")!);
				await until(() => counter.read().buffers > 2, "the branch to flow");
				await pipeline.removeSafely(branch);
				expect(branch.disposed).toBe(true);
				expect(pipeline.getElementByName(`b${round}`)).toBeNull();
				expect(tee.pads().map((pad) => pad.direction)).toEqual(["sink", "src"]);
				const before = main.read().buffers;
				await until(() => main.read().buffers > before + 2, "the main branch to go on");
			}
			expect(errors).toEqual([]);
			const free = Bin.parse("fakesink");
			await expect(pipeline.removeSafely(free)).rejects.toEqual(refusedWith("media.gst_argument"));
			free.dispose();
		});
	});

	it("hold a new source pad until it is linked", async () => {
		await using("videotestsrc is-live=true ! video/x-raw,width=64,height=48 ! decodebin name=d", async (pipeline) => {
			const errors: unknown[] = [];
			pipeline.onMessage((message) => errors.push(message), ["error"]);
			const pads: Pad[] = [];
			pipeline.getElementByName("d")!.connect("pad-added", (pad) => pads.push(pad as Pad));
			await pipeline.play(0);
			await until(() => pads.length === 1, "a pad");
			const pad = pads[0]!;
			expect(pad.blocked).toBe(true);
			const branch = pipeline.addDescription("fakesink name=end async=false");
			const counter = branch.getElementByName("end")!.pad("sink")!.count();
			branch.syncStateWithParent();
			pad.link(branch.pad("sink")!);
			expect(pad.blocked).toBe(false);
			await until(() => counter.read().buffers > 3, "flow");
			expect(errors).toEqual([]);
		});
	});

	it("carry a request for a key frame and custom events", async () => {
		await using(
			"videotestsrc is-live=true ! video/x-raw,width=64,height=48 ! vp8enc name=enc keyframe-max-dist=1000 deadline=1 ! fakesink name=end",
			async (pipeline) => {
				const pad = pipeline.getElementByName("end")!.pad("sink")!;
				const counter = pad.count();
				await pipeline.play();
				await until(() => counter.read().buffers > 5, "flow");
				expect(counter.read().keyBuffers).toBe(1);
				expect(pad.forceKeyUnit()).toBe(true);
				await until(() => counter.read().keyBuffers === 2, "a key frame");
				expect(pipeline.getElementByName("enc")!.forceKeyUnit()).toBe(true);
				await until(() => counter.read().keyBuffers === 3, "another key frame");
				expect(typeof pad.sendCustomEvent("test", { value: 1, text: "x", deep: { list: [1, 2] } }, "upstream")).toBe(
					"boolean",
				);
			},
		);
	});

	it("convert structures both ways", async () => {
		await using("audiotestsrc ! audioconvert name=c ! fakesink", (pipeline) => {
			const convert = pipeline.getElementByName("c")!;
			convert.set("mix-matrix", [
				[0.5, 0.25],
				[1, 0],
			]);
			expect(convert.get("mix-matrix")).toEqual([
				[0.5, 0.25],
				[1, 0],
			]);
		});
	});
});

describe("the registry and devices", () => {
	it("lists factories with rank and licence", () => {
		expect(gstVersion()).toMatch(/^GStreamer 1\./);
		const vp8 = listFactories().find((factory) => factory.name === "vp8enc");
		expect(vp8).toMatchObject({ klass: "Codec/Encoder/Video", plugin: "vpx", licence: "LGPL" });
		expect(setRank("vp8enc", 1)).toBe(true);
		expect(listFactories().find((factory) => factory.name === "vp8enc")?.rank).toBe(1);
		expect(setRank("nosuchelement", 1)).toBe(false);
		expect(() => Element.make("nosuchelement")).toThrow(refusedWith("media.gst_element_missing"));
	});

	it("watches devices, whatever there is", async () => {
		const monitor = new DeviceMonitor([
			{ classes: "Video/Source" },
			{ classes: "Audio/Source" },
			{ classes: "Audio/Sink" },
		]);
		expect(monitor.devices()).toEqual([]);
		expect(typeof (await monitor.start())).toBe("boolean");
		for (const device of monitor.devices()) {
			expect(device.deviceClass).toMatch(/^(Audio|Video)\//);
			device.dispose();
		}
		const gone = monitor.dispose();
		expect(() => monitor.devices()).toThrow(refusedWith("media.gst_disposed"));
		await gone;
		await monitor.dispose();
	});
});
