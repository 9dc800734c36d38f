import type { Clock } from "../../core/clock.ts";
import { datagramSplitter } from "../link/datagramSplitter.ts";
import type { FrameLink } from "../link/FrameLink.ts";
import { RequestQueue } from "../link/RequestQueue.ts";
import { answerOrNull, PROBE_MS } from "../probe/answerOrNull.ts";
import type { Found, Probe } from "../probe/Probe.ts";
import { DatagramTransport } from "./DatagramTransport.ts";
import { StreamTransport } from "./StreamTransport.ts";
import { ViscaLine } from "./ViscaLine.ts";
import { parseReply } from "./ViscaReply.ts";
import { ViscaSplitter } from "./ViscaSplitter.ts";
import type { ViscaTransport } from "./ViscaTransport.ts";
import { ADDRESS_SET } from "./viscaCommand.ts";
import { LONGEST_DATAGRAM, VISCA_OVER_IP_PORT } from "./viscaDatagram.ts";
import { viscaInquiry } from "./viscaInquiry.ts";
import { modelName } from "./viscaModels.ts";

/** Asks each camera of a chain for its version. AddressSet gives cameras the numbers that they have already. */
export const viscaProbe: Probe = {
	driver: "visca",
	ways: [
		// 9600 and 38400: EVI-H100S Technical Manual, DIP switches; others also take 115200
		{ by: "serial", speeds: [9600, 38_400, 115_200] },
		{ by: "tcp", port: 5678 },
		{ by: "udp", port: VISCA_OVER_IP_PORT },
	],
	splitter: (by) => (by === "udp" ? datagramSplitter(LONGEST_DATAGRAM) : new ViscaSplitter()),
	async ask(link, by, clock) {
		if (by === "udp") return found(await versionOf(link, new DatagramTransport(), clock), 1);
		if (by === "tcp") return found(await versionOf(link, new StreamTransport({ address: 1, chain: false }), clock), 1);
		const cameras = (await camerasOn(link, clock)) ?? 1;
		const all: Found[] = [];
		for (let address = 1; address <= cameras; address += 1) {
			all.push(...found(await versionOf(link, new StreamTransport({ address, chain: true }), clock), address));
		}
		return all;
	},
};

async function camerasOn(link: FrameLink, clock: Clock): Promise<number | null> {
	const queue = new RequestQueue(link, { clock });
	const asked = queue.ask<number>({
		frame: () => ADDRESS_SET,
		judge(frame) {
			const reply = parseReply(frame);
			return reply?.is === "addressed" ? { is: "done", value: reply.cameras } : { is: "other" };
		},
		timeoutMs: PROBE_MS,
	});
	return answerOrNull(asked).finally(() => queue.close());
}

async function versionOf(link: FrameLink, transport: ViscaTransport, clock: Clock): Promise<string | null> {
	const line = new ViscaLine({ link, transport, clock, onUnasked() {} });
	return answerOrNull(line.inquire(viscaInquiry.version).then(modelName)).finally(() => line.close());
}

const found = (model: string | null, address: number): Found[] =>
	model === null ? [] : [{ model, settings: address === 1 ? {} : { address } }];
