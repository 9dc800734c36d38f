import type { Clock } from "../../core/clock.ts";
import type { FrameSplitter } from "./FrameLink.ts";
import type { OpenLine } from "./Line.ts";
import { LineLink } from "./LineLink.ts";
import type { LineTap } from "./LineTap.ts";
import { openSerial, type SerialAddress } from "./openSerial.ts";
import { openTcp, type TcpAddress } from "./openTcp.ts";
import { openUdp, type UdpAddress } from "./openUdp.ts";
import { watchPort } from "./watchPort.ts";

/** Where a device is. */
export type LinkAddress =
	| ({ readonly by: "serial" } & SerialAddress)
	| ({ readonly by: "tcp" } & TcpAddress)
	| ({ readonly by: "udp" } & UdpAddress);

export interface LinkOptions {
	splitter: () => FrameSplitter;
	clock: Clock;
	/** Is told what happens on the line. */
	tap?: LineTap;
}

/** A link to a device, opened at once and kept up until it is closed. */
export function openLink(address: LinkAddress, { splitter, clock, tap }: LinkOptions): LineLink {
	const open = openLine(address, clock);
	return new LineLink({
		open: tap ? tap.around(open, clock) : open,
		splitter,
		clock,
		...(address.by === "serial" ? { watch: (events) => watchPort(address.path, events) } : {}),
	});
}

export function openLine(address: LinkAddress, clock: Clock): OpenLine {
	switch (address.by) {
		case "serial":
			return openSerial(address);
		case "tcp":
			return openTcp(address, clock);
		case "udp":
			return openUdp(address);
	}
}
