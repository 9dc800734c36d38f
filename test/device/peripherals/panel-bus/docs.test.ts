import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { lights } from "../../../../device/peripherals/model/PanelBus.ts";
import { MOST_FRAME_BYTES, MOST_PAYLOAD_BYTES } from "../../../../device/peripherals/panel-bus/frame.ts";
import { MOST_STATES, refusals, types } from "../../../../device/peripherals/panel-bus/messages.ts";
import { timing } from "../../../../device/peripherals/panel-bus/timing.ts";
import { panelBusPage, withExamples } from "../../../../tools/panel-bus-examples.ts";

const page = readFileSync(panelBusPage, "utf8");
const header = readFileSync(new URL("../../../../docs/panel-bus/incamera_panel_bus.h", import.meta.url), "utf8");

test("the page's examples are what is spoken: after a change, run `node tools/panel-bus-examples.ts`", () => {
	expect(withExamples(page)).toBe(page);
	expect(page).toContain("held_by_hand");
});

test("the page names each type, light and reason by its number", () => {
	for (const [name, type] of Object.entries(types)) {
		const number = type.toString(16).padStart(2, "0");
		expect(page).toContain(`| \`${number}\` | \`${name}\` |`);
		expect(header).toContain(`ICPB_${name.toUpperCase()} = 0x${number}`);
	}
	for (const [number, light] of lights.entries()) {
		expect(page).toMatch(new RegExp(`\\*\\*Light\\*\\*:.*\\b${number} ${light}\\b`));
		expect(header).toContain(`ICPB_LIGHT_${light.toUpperCase()} = ${number}`);
	}
	for (const [number, refusal] of refusals.entries()) {
		expect(page).toMatch(new RegExp(`\\*\\*Reasons\\*\\*:.*\\b${number} ${refusal.replaceAll("_", " ")}\\b`));
		expect(header).toContain(`ICPB_${refusal.toUpperCase()} = ${number}`);
	}
});

test("page and header name the limits and times that the room keeps to", () => {
	for (const words of [
		`at most **${MOST_FRAME_BYTES} bytes**`,
		`at most ${MOST_PAYLOAD_BYTES}`,
		`last ${MOST_STATES} states`,
		`(\`beat\`, if nothing else) | ${timing.roomBeatMs} |`,
		`frame of the room for | ${timing.roomLostMs} |`,
		`sends a \`report\` | ${timing.reportMs} |`,
		`frame of the device for | ${timing.deviceLostMs} |`,
		`announces itself | ${timing.announceMs} |`,
		`again after ${timing.answerMs}, twice`,
	])
		expect(page).toContain(words);
	for (const line of [
		`ICPB_MOST_FRAME ${MOST_FRAME_BYTES} `,
		`ICPB_MOST_PAYLOAD ${MOST_PAYLOAD_BYTES}\n`,
		`ICPB_ROOM_BEAT_MS ${timing.roomBeatMs}\n`,
		`ICPB_ROOM_LOST_MS ${timing.roomLostMs}\n`,
		`ICPB_REPORT_MS ${timing.reportMs}\n`,
		`ICPB_DEVICE_LOST_MS ${timing.deviceLostMs}\n`,
		`ICPB_ANNOUNCE_MS ${timing.announceMs}\n`,
	])
		expect(header).toContain(line);
});
