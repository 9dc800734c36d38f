import fc from "fast-check";
import { expect, test } from "vitest";
import {
	isUnconfigured,
	parsePhysicalAddress,
	parseTransmissions,
	whyNotOpened,
} from "../../../../device/peripherals/cec/cecCtlOutput.ts";

// Printed by cec-ctl 1.22.1 of Debian 12 with --skip-info --show-raw, on the simulated line of test/sim/display/cec.
const answered = `
Transmit from Playback Device 1 to TV (4 to 0):
GIVE_DEVICE_POWER_STATUS (0x8f)
    Received from TV (0):
    REPORT_POWER_STATUS (0x90):
	pwr-state: on (0x00)
	Raw: 0x04 0x90 0x00 (   )
	Sequence: 1 Tx Timestamp: 0.000s Rx Timestamp: 0.000s
	Approximate response time: 0 ms
`;
const notAcknowledged = `
Transmit from Playback Device 1 to Audio System (4 to 5):
GIVE_AUDIO_STATUS (0x71)
	Sequence: 4 Tx Timestamp: 0.000s
	Tx, Not Acknowledged (4), Max Retries
`;
const noAnswer = `
Transmit from Playback Device 1 to TV (4 to 0):
GIVE_DEVICE_POWER_STATUS (0x8f)
	Sequence: 1 Tx Timestamp: 0.000s
	Tx, OK, Rx, Timeout
`;
const aborted = `
Transmit from Playback Device 1 to TV (4 to 0):
GIVE_AUDIO_STATUS (0x71)
    Received from TV (0):
    FEATURE_ABORT (0x00):
	abort-msg: 113 (0x71, GIVE_AUDIO_STATUS)
	reason: unrecognized-op (0x00)
	Raw: 0x04 0x00 0x71 0x00 (  q )
	Sequence: 1 Tx Timestamp: 0.000s Rx Timestamp: 0.000s
	Approximate response time: 0 ms
	Tx, OK, Rx, Feature Abort
`;
const toEverybody = `
Transmit from Playback Device 1 to all (4 to 15):
ACTIVE_SOURCE (0x82):
	phys-addr: 1.0.0.0
	Sequence: 2 Tx Timestamp: 0.000s
`;
// From the source of 1.28: it logs what is sent, too.
const newer = answered.replace("(0x8f)\n", "(0x8f)\n\tRaw: 0x40 0x8f (@ )\n");
// From the source: a message that the kernel refuses is passed over.
const refused = `
Transmit from Playback Device 1 to TV (4 to 0):
STANDBY (0x36)
`;

const bytes = (...values: number[]) => Uint8Array.from(values);

test.each([
	["an answer", answered, { acknowledged: true, reply: bytes(0x04, 0x90, 0x00) }],
	["an answer, printed by a newer one", newer, { acknowledged: true, reply: bytes(0x04, 0x90, 0x00) }],
	["nobody there", notAcknowledged, { acknowledged: false, reply: null }],
	["taken and not answered", noAnswer, { acknowledged: true, reply: null }],
	["refused by the display", aborted, { acknowledged: true, reply: bytes(0x04, 0x00, 0x71, 0x00) }],
	["taken, and no answer asked for", toEverybody, { acknowledged: true, reply: null }],
	["refused by the kernel", refused, { acknowledged: false, reply: null }],
])("%s", (_what, output, expected) => {
	expect(parseTransmissions(output)).toEqual([expected]);
});

test("several are told apart, in their order", () => {
	const all = [answered, notAcknowledged, toEverybody, aborted];
	expect(parseTransmissions(all.join(""))).toEqual(all.flatMap(parseTransmissions));
});

test("a name that looks like a line of cec-ctl is no such line", () => {
	const named = `
Transmit from Playback Device 1 to TV (4 to 0):
GIVE_OSD_NAME (0x46)
    Received from TV (0):
    SET_OSD_NAME (0x47):
	name: x
	Raw: 0x0 (
	Raw: 0x04 0x47 0x0a 0x09 0x52 0x61 0x77 (   Raw)
	Sequence: 2 Tx Timestamp: 0.000s Rx Timestamp: 0.000s
`;
	expect(parseTransmissions(named)).toEqual([
		{ acknowledged: true, reply: bytes(0x04, 0x47, 0x0a, 0x09, 0x52, 0x61, 0x77) },
	]);
});

test("where our cable is plugged in", () => {
	const info = (address: string) => `Driver Info:
	Driver Name                : vc4_hdmi
	Connector Info             : None
	Physical Address           : ${address}
	Logical Address Mask       : 0x0010
`;
	expect(parsePhysicalAddress(info("1.0.0.0"))).toBe(0x1000);
	expect(parsePhysicalAddress(info("2.1.0.a"))).toBe(0x210a);
	expect(parsePhysicalAddress(info("f.f.f.f"))).toBeNull();
	expect(parsePhysicalAddress(info("g.0.0.0"))).toBeNull();
	expect(parsePhysicalAddress("")).toBeNull();
});

test.each([
	["Failed to open /dev/cec0: No such file or directory\n", "link.absent"],
	["Failed to open /dev/cec0: No such device\n", "link.absent"],
	["Failed to open /dev/cec0: Permission denied\n", "link.denied"],
	["Failed to open /dev/cec0: Device or resource busy\n", "link.busy"],
	["Failed to open /dev/cec0: Too many open files\n", null],
	["cec-ctl: unrecognized option '--playback'\n", null],
	["", null],
])("%j is %s", (errors, code) => {
	expect(whyNotOpened(errors)).toBe(code);
});

test("an adapter without an address says so", () => {
	// 1.22.1, on its error output
	expect(isUnconfigured("\nAdapter is unconfigured, please configure it first.\n")).toBe(true);
	expect(isUnconfigured("")).toBe(false);
});

test("whatever it prints is read or refused, never thrown at, and an answer is never longer than CEC has them", () => {
	const known = [answered, notAcknowledged, noAnswer, aborted, toEverybody].flatMap((text) => text.split("\n"));
	const hex = (value: number) => ` 0x${value.toString(16).padStart(2, "0")}`;
	const line = fc.oneof(
		fc.string({ maxLength: 60 }),
		fc.constantFrom(...known),
		fc.array(fc.nat(255), { maxLength: 40 }).map((all) => `\tRaw:${all.map(hex).join("")} (x)`),
	);
	fc.assert(
		fc.property(fc.array(line, { maxLength: 30 }), (lines) => {
			const output = lines.join("\n");
			for (const { reply, acknowledged } of parseTransmissions(output)) {
				if (!reply) continue;
				expect(acknowledged).toBe(true);
				expect(reply.length).toBeGreaterThan(0);
				expect(reply.length).toBeLessThanOrEqual(16);
			}
			parsePhysicalAddress(output);
			whyNotOpened(output);
		}),
	);
});
