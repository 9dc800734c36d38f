/**
 * What makers print: messages as they stand in their manuals, each with document and page. `x` is address 1, as in their examples.
 * Bytes in hexadecimal digits.
 */
import type { ViscaReply } from "../../../../device/peripherals/visca/ViscaReply.ts";
import { viscaCommand } from "../../../../device/peripherals/visca/viscaCommand.ts";
import { viscaInquiry } from "../../../../device/peripherals/visca/viscaInquiry.ts";

const D70 = "Sony EVI-D70 Technical Manual";
const D80 = "Sony EVI-D80/D90 Technical Manual";
const D100 = "Sony EVI-D100 Technical Manual A-AYT-100-11 (1)";
const H100 = "Sony EVI-H100S Technical Manual A-E4U-100-11 (1)";
const HD1 = "Sony EVI-HD1 Technical Manual";
const H700 = "Sony BRC-H700 Command List";
const Z700 = "Sony BRC-Z700 Command List";
const BRC300 = "Sony BRC-300 Command List";
const X400 = "Sony BRC-X400 Command List";
const SRGX400 = "Sony SRG-X400 Command List";
const SRG300SE = "Sony SRG-300SE Technical Manual";
const AVER_TR313 = "AVer TR313V2 User Manual";
const AVER_PTC500 = "AVer PTC500S/PTC115 Control Codes 2021.3.30 v5";
const AVER_MD120 = "AVer MD120UI Bedienungsanleitung";
const PTZOPTICS_G3 = "PTZOptics G3 VISCA over IP Commands, 10/27/2023";
const PTZOPTICS_EPTZ = "PTZOptics EPTZ NDI HX ZCAM G2 User Manual Rev 1.3 10/20";
const CRESTRON = "Crestron 1 Beyond AutoTracker 3 Product Manual Doc. 9323C";
const LUMENS_A51 = "Lumens VC-A51 RS-232 command set RS109";

/** What we say, and how the manual writes it. */
export const commands: [hex: string, body: Uint8Array, from: string, page: string][] = [
	["81 01 00 01 FF", viscaCommand.ifClear(), AVER_PTC500, "p. 5"],
	["81 22 FF", viscaCommand.cancel(2), SRG300SE, "p. 20"],
	["81 01 04 00 02 FF", viscaCommand.power(true), AVER_TR313, "p. 47"],
	["81 01 04 00 03 FF", viscaCommand.power(false), AVER_TR313, "p. 47"],
	["81 01 04 07 00 FF", viscaCommand.zoom(0), AVER_TR313, "p. 47"],
	// 2p and 3p, p = 0 (low) to 7 (high)
	["81 01 04 07 20 FF", viscaCommand.zoom(1), AVER_MD120, "p. 207"],
	["81 01 04 07 27 FF", viscaCommand.zoom(8), AVER_MD120, "p. 207"],
	["81 01 04 07 30 FF", viscaCommand.zoom(-1), AVER_MD120, "p. 207"],
	["81 01 04 07 37 FF", viscaCommand.zoom(-8), AVER_MD120, "p. 207"],
	// 20 times magnified is 5378
	["81 01 04 47 05 03 07 08 FF", viscaCommand.zoomTo(0x5378), AVER_MD120, "p. 207"],
	["81 01 04 38 02 FF", viscaCommand.focus("auto"), D100, "p. 23"],
	["81 01 04 38 03 FF", viscaCommand.focus("manual"), AVER_TR313, "p. 47"],
	["81 01 04 08 02 FF", viscaCommand.focus("far"), D100, "p. 23"],
	["81 01 04 08 03 FF", viscaCommand.focus("near"), AVER_TR313, "p. 47"],
	["81 01 04 08 00 FF", viscaCommand.focus("stop"), AVER_TR313, "p. 47"],
	["81 01 06 01 01 14 03 01 FF", viscaCommand.drive({ pan: 0, tilt: 20 }), HD1, "p. 28"],
	["81 01 06 01 01 14 03 02 FF", viscaCommand.drive({ pan: 0, tilt: -20 }), HD1, "p. 28"],
	["81 01 06 01 18 01 01 03 FF", viscaCommand.drive({ pan: -24, tilt: 0 }), HD1, "p. 28"],
	["81 01 06 01 18 01 02 03 FF", viscaCommand.drive({ pan: 24, tilt: 0 }), HD1, "p. 28"],
	["81 01 06 01 18 17 01 01 FF", viscaCommand.drive({ pan: -24, tilt: 23 }), SRGX400, "p. 20"],
	["81 01 06 01 18 17 02 01 FF", viscaCommand.drive({ pan: 24, tilt: 23 }), SRGX400, "p. 20"],
	["81 01 06 01 18 17 01 02 FF", viscaCommand.drive({ pan: -24, tilt: -23 }), SRGX400, "p. 20"],
	["81 01 06 01 18 17 02 02 FF", viscaCommand.drive({ pan: 24, tilt: -23 }), SRGX400, "p. 20"],
	["81 01 06 01 01 01 03 03 FF", viscaCommand.drive({ pan: 0, tilt: 0 }), D70, "p. 42"],
	// all the way to the left and down: F725, FE70
	[
		"81 01 06 02 18 18 0F 07 02 05 0F 0E 07 00 FF",
		viscaCommand.goTo({ pan: -2267, tilt: -400, speed: 24, panDigits: 4 }),
		D70,
		"pp. 42, 51",
	],
	[
		"81 01 06 03 01 01 00 00 08 05 0F 0F 0F 0F FF",
		viscaCommand.goBy({ pan: 0x85, tilt: -1, speed: 1, panDigits: 4 }),
		D70,
		"pp. 42, 51",
	],
	// right end F75A8, up end 493D
	[
		"81 01 06 02 18 00 0F 07 05 0A 08 04 09 03 0D FF",
		viscaCommand.goTo({ pan: -0x8a58, tilt: 0x493d, speed: 24, panDigits: 5 }),
		H700,
		"p. 12",
	],
	["81 01 06 04 FF", viscaCommand.home(), HD1, "p. 28"],
	["81 01 06 05 FF", viscaCommand.reset(), HD1, "p. 28"],
	["81 01 04 3F 00 05 FF", viscaCommand.forgetPreset(5), D80, "p. 31"],
	["81 01 04 3F 01 00 FF", viscaCommand.storePreset(0), D80, "p. 31"],
	["81 01 04 3F 02 01 FF", viscaCommand.recallPreset(1), D80, "p. 31"],
	["81 01 04 3F 02 50 FF", viscaCommand.recallPreset(80), CRESTRON, "p. 59"],
	["81 01 04 3F 02 51 FF", viscaCommand.recallPreset(81), CRESTRON, "p. 59"],
	["81 0A 11 54 02 FF", viscaCommand.tracking(true), PTZOPTICS_G3, "Auto Tracking"],
	["81 0A 11 54 03 FF", viscaCommand.tracking(false), PTZOPTICS_G3, "Auto Tracking"],
	["81 09 00 02 FF", viscaInquiry.version.body, Z700, "p. 6"],
	["81 09 04 38 FF", viscaInquiry.focus.body, D100, "p. 23"],
	["81 09 06 11 FF", viscaInquiry.fastest.body, D100, "p. 30"],
	["81 09 06 12 FF", viscaInquiry.panTilt.body, D100, "p. 30"],
];

/** What cameras say. */
export const replies: [hex: string, reply: ViscaReply, from: string, page: string][] = [
	["90 41 FF", { is: "ack", from: 1, socket: 1 }, D100, "p. 23"],
	["90 42 FF", { is: "ack", from: 1, socket: 2 }, D100, "p. 23"],
	["90 51 FF", { is: "completion", from: 1, socket: 1, data: Uint8Array.of() }, D100, "p. 23"],
	["90 52 FF", { is: "completion", from: 1, socket: 2, data: Uint8Array.of() }, D100, "p. 23"],
	["A0 41 FF", { is: "ack", from: 2, socket: 1 }, LUMENS_A51, "p. 2"],
	["F0 51 FF", { is: "completion", from: 7, socket: 1, data: Uint8Array.of() }, LUMENS_A51, "p. 2"],
	["90 60 02 FF", { is: "refusal", from: 1, socket: 0, why: "syntax" }, D100, "p. 23"],
	["90 60 03 FF", { is: "refusal", from: 1, socket: 0, why: "buffer_full" }, D100, "p. 23"],
	["90 62 04 FF", { is: "refusal", from: 1, socket: 2, why: "cancelled" }, SRG300SE, "p. 20"],
	["90 62 05 FF", { is: "refusal", from: 1, socket: 2, why: "no_socket" }, SRG300SE, "p. 20"],
	["90 61 41 FF", { is: "refusal", from: 1, socket: 1, why: "not_executable" }, D100, "p. 23"],
	["90 62 41 FF", { is: "refusal", from: 1, socket: 2, why: "not_executable" }, D100, "p. 23"],
	["90 60 41 FF", { is: "refusal", from: 1, socket: 0, why: "not_executable" }, PTZOPTICS_EPTZ, "p. 7"],
	["90 61 01 FF", { is: "refusal", from: 1, socket: 1, why: "length" }, X400, "p. 5"],
	["90 50 FF", { is: "completion", from: 1, socket: 0, data: Uint8Array.of() }, H100, "p. 26"],
	["90 50 02 FF", { is: "completion", from: 1, socket: 0, data: Uint8Array.of(2) }, D100, "p. 23"],
	["88 30 02 FF", { is: "addressed", cameras: 1 }, SRG300SE, "p. 20"],
	["88 30 08 FF", { is: "addressed", cameras: 7 }, H100, "p. 29"],
	["88 01 00 01 FF", { is: "cleared" }, D100, "p. 23"],
	["90 38 FF", { is: "network_change", from: 1 }, D100, "p. 24"],
];

const answer = (hex: string): Uint8Array => fromHex(hex).subarray(2, -1);

/** Whole answers to questions, and what they mean. */
export const answers: [hex: string, read: unknown, expected: unknown, from: string, page: string][] = [
	[
		"90 50 00 01 05 05 01 02 02 FF",
		viscaInquiry.version.parse(answer("90 50 00 01 05 05 01 02 02 FF")),
		{ vendor: 1, model: 0x0505, rom: 0x0102, sockets: 2 },
		Z700,
		"p. 6",
	],
	["90 50 02 FF", viscaInquiry.focus.parse(Uint8Array.of(2)), "auto", D100, "p. 23"],
	["90 50 18 14 FF", viscaInquiry.fastest.parse(Uint8Array.of(0x18, 0x14)), { pan: 24, tilt: 20 }, D100, "pp. 30, 44"],
	[
		"90 50 0F 0A 06 00 00 01 06 08 FF",
		viscaInquiry.panTilt.parse(answer("90 50 0F 0A 06 00 00 01 06 08 FF")),
		// FA60 is -100°, 0168 is +25°
		{ pan: -1440, tilt: 360, panDigits: 4 },
		D100,
		"pp. 30, 45",
	],
	[
		"90 50 0F 07 05 0A 08 0E 07 09 06 FF",
		viscaInquiry.panTilt.parse(answer("90 50 0F 07 05 0A 08 0E 07 09 06 FF")),
		// the right and the lower end of a BRC-H700, p. 12, as a BRC-300 writes them
		{ pan: -0x8a58, tilt: -0x186a, panDigits: 5 },
		BRC300,
		"p. 14",
	],
	["90 50 04 00 00 00 FF", viscaInquiry.zoom.parse(answer("90 50 04 00 00 00 FF")), 0x4000, D70, "p. 51"],
];

export function fromHex(hex: string): Uint8Array {
	return Uint8Array.from(hex.split(" "), (byte) => Number.parseInt(byte, 16));
}
