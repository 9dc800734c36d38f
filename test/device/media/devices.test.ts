import { readdirSync } from "node:fs";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { DeviceWatch } from "../../../device/media/devices.ts";
import { Pipeline } from "../../../device/media/gst/index.ts";
import { until } from "./engines.ts";
import { makeNative } from "./native/built.ts";

beforeAll(() => makeNative(), 300_000);

describe("the watch over devices", { timeout: 30_000 }, () => {
	it("tells when they are known, and leaves nothing open however often it is asked", async () => {
		let told = 0;
		const watch = new DeviceWatch(Pipeline.elementExists, () => (told += 1));
		onTestFinished(() => watch.dispose());
		await until(() => told > 0);
		const first = watch.list();
		const descriptors = (): number => readdirSync("/proc/self/fd").length;
		const before = descriptors();
		for (let asked = 0; asked < 5; asked += 1) expect(watch.list()).toEqual(first);
		// two or more each time, if the system were asked without a sound server
		expect(descriptors()).toBeLessThan(before + 5);
	});
});
