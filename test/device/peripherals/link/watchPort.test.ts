import { mkdirSync, mkdtempSync, rmSync, symlinkSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { watchPort } from "../../../../device/peripherals/link/watchPort.ts";

let dev: string;
let told: string[];
let end: () => void;

beforeEach(() => {
	dev = mkdtempSync(join(tmpdir(), "incamera-dev-"));
	told = [];
});
afterEach(() => {
	end();
	rmSync(dev, { recursive: true, force: true });
});

const watchIt = () => {
	const tell = (what: string) => () => told.push(what);
	end = watchPort(join(dev, "serial", "by-id", "usb-adapter"), {
		appeared: tell("appeared"),
		vanished: tell("vanished"),
	});
};
const plugIn = () => {
	mkdirSync(join(dev, "serial", "by-id"), { recursive: true });
	symlinkSync("/dev/null", join(dev, "serial", "by-id", "usb-adapter"));
};
/** With the last adapter the folders go. */
const pullOut = () => rmSync(join(dev, "serial"), { recursive: true });

it("follows the folder wherever it comes and goes", async () => {
	watchIt();
	for (let times = 1; times < 4; times += 1) {
		plugIn();
		await expect.poll(() => told).toHaveLength(2 * times - 1);
		pullOut();
		await expect.poll(() => told).toHaveLength(2 * times);
	}
	expect(new Set(told.filter((_, i) => i % 2 === 0))).toEqual(new Set(["appeared"]));
	plugIn();
	await expect.poll(() => told).toHaveLength(7);
	pullOut();
	plugIn();
	unlinkSync(join(dev, "serial", "by-id", "usb-adapter"));
	await expect.poll(() => told).toHaveLength(8);
});

it("tells nothing of what was there from the beginning, nor of its neighbours", async () => {
	plugIn();
	watchIt();
	symlinkSync("/dev/null", join(dev, "serial", "by-id", "usb-other"));
	unlinkSync(join(dev, "serial", "by-id", "usb-other"));
	unlinkSync(join(dev, "serial", "by-id", "usb-adapter"));
	await expect.poll(() => told).toEqual(["vanished"]);
});
