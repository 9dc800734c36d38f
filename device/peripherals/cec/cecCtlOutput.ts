import type { CecTransmission } from "./CecBus.ts";

/**
 * What cec-ctl prints with `--show-raw` (v4l-utils 1.22.1 to 1.28, utils/cec-ctl/cec-ctl.cpp and its log of messages):
 *
 *     Transmit from Playback Device 1 to TV (4 to 0):
 *     GIVE_DEVICE_POWER_STATUS (0x8f)
 *         Received from TV (0):
 *         REPORT_POWER_STATUS (0x90):
 *     	pwr-state: on (0x00)
 *     	Raw: 0x04 0x90 0x00 (   )
 *     	Sequence: 5 Tx Timestamp: 3067.161s Rx Timestamp: 3067.323s
 *
 * and after it `Tx, …` with what went wrong. Names in it come from whoever is on the line.
 */
const TRANSMIT = /^Transmit from .{1,40} to .{1,40} \(\d{1,2} to \d{1,2}\):$/;
const RECEIVED = /^ {4}Received from .{1,40} \(\d{1,2}\):$/;
const RAW = /^\tRaw:((?: 0x[0-9a-f]{2}){1,16}) \(/;
const SEQUENCE = /^\tSequence: \d+ Tx Timestamp: /;
const STATUS = /^\t(?:Tx|Rx), (.+)$/;

/** One for each message, in their order; of one that the kernel did not take nothing is said, and it counts as not acknowledged. */
export function parseTransmissions(output: string): CecTransmission[] {
	const blocks: string[][] = [];
	for (const line of output.split("\n")) {
		if (TRANSMIT.test(line)) blocks.push([]);
		else blocks.at(-1)?.push(line);
	}
	return blocks.map(readBlock);
}

function readBlock(lines: readonly string[]): CecTransmission {
	const wasSent = lines.some((line) => SEQUENCE.test(line));
	// Without a word on it all was well. A name may look like such a line, or the next; what cec-ctl itself says comes after it.
	const status = lastMatch(lines, STATUS);
	const acknowledged = wasSent && (status === null || /^OK(?:,|$)/.test(status));
	const raw = lastMatch(lines, RAW);
	const received = lines.some((line) => RECEIVED.test(line));
	return { acknowledged, reply: acknowledged && received && raw !== null ? bytesOf(raw) : null };
}

const lastMatch = (lines: readonly string[], pattern: RegExp): string | null =>
	lines.map((line) => pattern.exec(line)?.[1]).findLast((found) => found !== undefined) ?? null;

const bytesOf = (raw: string): Uint8Array => Uint8Array.from(raw.trim().split(" ").map(Number));

/** Out of what cec-ctl prints of its adapter. Null: there is none, as without a cable. */
export function parsePhysicalAddress(output: string): number | null {
	const match = /^\tPhysical Address +: ([0-9a-f])\.([0-9a-f])\.([0-9a-f])\.([0-9a-f])$/m.exec(output);
	if (!match) return null;
	const address = Number.parseInt(match.slice(1).join(""), 16);
	return address === 0xffff ? null : address;
}

/** Said on the error output where the adapter has no address on the line. */
export const isUnconfigured = (errors: string): boolean => errors.includes("Adapter is unconfigured");

/** Why the adapter's device could not be opened; null: for no reason that we know. The words are those of the C library in English. */
export function whyNotOpened(errors: string): "link.absent" | "link.denied" | "link.busy" | null {
	const reason = /^Failed to open .{1,200}: (.+)$/m.exec(errors)?.[1];
	if (!reason) return null;
	if (/No such/.test(reason)) return "link.absent";
	if (/denied|not permitted/.test(reason)) return "link.denied";
	return /busy/.test(reason) ? "link.busy" : null;
}
