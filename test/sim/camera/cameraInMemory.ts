import { ViscaSplitter } from "../../../device/peripherals/visca/ViscaSplitter.ts";
import { MemoryLink } from "../line/MemoryLink.ts";
import type { CameraDatagrams } from "./CameraDatagrams.ts";
import type { CameraFirmware } from "./CameraFirmware.ts";
import { MessageSplitter } from "./MessageSplitter.ts";

/** A link straight into a camera, byte for byte and without a line: for tests that move the clock. */
export function cameraInMemory(firmware: CameraFirmware): MemoryLink & { say(bytes: Uint8Array): void } {
	const messages = new MessageSplitter();
	let replies = new ViscaSplitter();
	const link = Object.assign(new MemoryLink(), {
		say(bytes: Uint8Array): void {
			if (link.state.name !== "up") return;
			for (const frame of replies.push(bytes)) link.receive(frame);
		},
	});
	link.onState(() => {
		replies = new ViscaSplitter();
	});
	link.onSent = (frame) => {
		for (const message of messages.push(frame)) firmware.hear(message, link.say);
	};
	return link;
}

/** The same with datagrams, which can get lost. */
export function datagramsInMemory(camera: CameraDatagrams): MemoryLink {
	const link = new MemoryLink();
	link.onSent = (datagram) => camera.hear(datagram, (reply) => link.state.name === "up" && link.receive(reply));
	return link;
}
