/** Which of a device's screens is its panel: the program that the kiosk asks, with outputs as the kernel lists them. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

const program = join(import.meta.dirname, "../../image/root/overlay/usr/lib/incamera/screens");
let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "incamera-drm-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** @param size In centimetres, as a screen's EDID says it; absent: it says nothing. */
function output(name: string, size?: [width: number, height: number], status = "connected"): void {
	const edid = Buffer.alloc(size ? 128 : 0);
	if (size) edid.set(size, 21);
	mkdirSync(join(folder, name));
	writeFileSync(join(folder, name, "edid"), edid);
	writeFileSync(join(folder, name, "status"), `${status}\n`);
}
const screens = (wanted = ""): string[] =>
	execFileSync(program, [folder, join(folder, wanted)], { encoding: "utf8" })
		.split("\n")
		.filter((name) => name !== "");

it("the panel is the smallest, whatever comes first", () => {
	output("card0-HDMI-A-1", [121, 68]);
	output("card0-HDMI-A-2", [22, 14]);
	expect(screens()).toEqual(["HDMI-A-2", "HDMI-A-1"]);
});

it("the panel is what is built in, before any that is smaller", () => {
	output("card0-DP-1", [16, 9]);
	output("card1-eDP-1", [34, 19]);
	expect(screens()).toEqual(["eDP-1", "DP-1"]);
});

it("a projector is no panel: it says that it has no size, or nothing at all", () => {
	output("card0-DP-1", [0, 0]);
	output("card0-DP-2");
	output("card0-HDMI-A-1", [121, 68]);
	expect(screens()).toEqual(["HDMI-A-1", "DP-1", "DP-2"]);
});

it("what is not connected is no screen; one alone is the panel; there may be none", () => {
	output("card0-HDMI-A-1", [22, 14], "disconnected");
	output("card0-Writeback-1", undefined, "unknown");
	mkdirSync(join(folder, "card0"));
	expect(screens()).toEqual([]);
	output("card0-HDMI-A-2", [121, 68]);
	expect(screens()).toEqual(["HDMI-A-2"]);
});

it("the panel is what the set-up file names, as long as it is connected", () => {
	output("card0-eDP-1", [34, 19]);
	output("card0-HDMI-A-1", [121, 68]);
	output("card0-HDMI-A-2", [22, 14], "disconnected");
	writeFileSync(join(folder, "one"), "HDMI-A-1\n");
	expect(screens("one")).toEqual(["HDMI-A-1", "eDP-1"]);
	writeFileSync(join(folder, "gone"), "HDMI-A-2\n");
	expect(screens("gone")).toEqual(["eDP-1", "HDMI-A-1"]);
	expect(screens("none")).toEqual(["eDP-1", "HDMI-A-1"]);
});
