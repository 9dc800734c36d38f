import type { Clock } from "../../core/clock.ts";
import type { FrameLink, FrameSplitter } from "../link/FrameLink.ts";
import type { DriverName } from "../model/drivers.ts";

/** A device that answered. */
export interface Found {
	/** What it says it is; null where it doesn't say. */
	readonly model: string | null;
	/** What its configuration needs beside driver and connection; what is usual is left out. */
	readonly settings: Readonly<Record<string, string | number>>;
	/** What a technician has to do besides. */
	readonly note?: string;
}

/** How a device may be connected. Of speeds and ports the first is the one that a configuration need not name. */
export type ProbeWay =
	| { readonly by: "serial"; readonly speeds: readonly number[] }
	| { readonly by: "tcp" | "udp"; readonly port: number };

/** Whether a device of one protocol is at the end of a line. It asks only what changes nothing. */
export interface Probe {
	readonly driver: DriverName;
	readonly ways: readonly ProbeWay[];
	splitter(by: ProbeWay["by"]): FrameSplitter;
	/** On a link that is up. Empty: nobody answers in this protocol. @throws RoomError `link.lost`. */
	ask(link: FrameLink, by: ProbeWay["by"], clock: Clock): Promise<Found[]>;
}
