import type { Clock } from "../../core/clock.ts";
import type { FrameSplitter } from "./FrameLink.ts";
import type { OpenLine } from "./Line.ts";
import { LineLink } from "./LineLink.ts";
import { openSerial, type SerialAddress } from "./openSerial.ts";
import { openTcp, type TcpAddress } from "./openTcp.ts";
import { openUdp, type UdpAddress } from "./openUdp.ts";

/** Where a device is. */
export type LinkAddress =
	| ({ readonly by: "serial" } & SerialAddress)
	| ({ readonly by: "tcp" } & TcpAddress)
	| ({ readonly by: "udp" } & UdpAddress);

/** A link to a device, opened at once and kept up until it is closed. */
export function openLink(address: LinkAddress, options: { splitter: () => FrameSplitter; clock: Clock }): LineLink {
	return new LineLink({ ...options, open: openLine(address, options.clock) });
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
