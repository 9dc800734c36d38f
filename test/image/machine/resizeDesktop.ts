import { once } from "node:events";
import { connect } from "node:net";

/**
 * Asks a VNC server for a desktop of this size, as a viewer does whose window is resized (RFB 3.8, RFC 6143; SetDesktopSize by the community's
 * description of the protocol, 7.4.12). The emulator takes it as another screen at that output; 0 × 0 as none.
 */
export async function resizeDesktop(path: string, width: number, height: number): Promise<void> {
	const socket = connect(path);
	await once(socket, "connect");
	const read = async (length: number): Promise<Buffer> => {
		for (;;) {
			const bytes = socket.read(length) as Buffer | null;
			if (bytes) return bytes;
			await once(socket, "readable");
		}
	};
	// versions, then security: none
	socket.write(await read(12));
	await read((await read(1))[0] ?? 0);
	socket.write(Buffer.of(1));
	await read(4);
	// others may look, too; its answer ends with a name
	socket.write(Buffer.of(1));
	await read((await read(24)).readUInt32BE(20));
	const ask = Buffer.alloc(8 + 16);
	ask.writeUInt8(251, 0);
	ask.writeUInt16BE(width, 2);
	ask.writeUInt16BE(height, 4);
	ask.writeUInt8(1, 6);
	ask.writeUInt16BE(width, 8 + 8);
	ask.writeUInt16BE(height, 8 + 10);
	socket.resume();
	socket.end(ask);
	await once(socket, "close");
}
