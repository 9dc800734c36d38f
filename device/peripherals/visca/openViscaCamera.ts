import type { Clock } from "../../core/clock.ts";
import { datagramSplitter } from "../link/datagramSplitter.ts";
import type { LineTap } from "../link/LineTap.ts";
import { type LinkAddress, openLink } from "../link/openLink.ts";
import { DatagramTransport } from "./DatagramTransport.ts";
import { StreamTransport } from "./StreamTransport.ts";
import { ViscaCamera, type ViscaCameraOptions } from "./ViscaCamera.ts";
import { ViscaSplitter } from "./ViscaSplitter.ts";
import type { ViscaTransport } from "./ViscaTransport.ts";
import { LONGEST_DATAGRAM } from "./viscaDatagram.ts";

export interface OpenViscaOptions extends Omit<ViscaCameraOptions, "link" | "transport"> {
	clock: Clock;
	/** Is told what happens on its line. */
	tap?: LineTap;
	/** Of the camera on its serial line, 1 to 7; over the network there is but one. Default 1. */
	address?: number;
}

/** A camera where it is: its port is opened at once, the conversation begins with `start`. */
export function openViscaCamera(at: LinkAddress, { address = 1, tap, ...options }: OpenViscaOptions): ViscaCamera {
	const splitter = () => (at.by === "udp" ? datagramSplitter(LONGEST_DATAGRAM) : new ViscaSplitter());
	const link = openLink(at, { splitter, clock: options.clock, ...(tap && { tap }) });
	return new ViscaCamera({ ...options, link, transport: transportTo(at, address) });
}

function transportTo(at: LinkAddress, address: number): ViscaTransport {
	switch (at.by) {
		case "serial":
			return new StreamTransport({ address, chain: true });
		case "tcp":
			return new StreamTransport({ address: 1, chain: false });
		case "udp":
			return new DatagramTransport();
	}
}
