import { randomBytes } from "node:crypto";
import { createServer } from "node:net";
import { RoomError } from "../../device/core/RoomError.ts";

/** @throws RoomError `start.port_busy` */
export async function assertFree(port: number): Promise<void> {
	const server = createServer();
	await new Promise<void>((resolve, reject) => {
		server.once("error", () =>
			reject(
				new RoomError(
					"start.port_busy",
					`port ${port} of 127.0.0.1 is taken. End the program that has it, or choose others: INCAMERA_PORT_BASE=${port + 1000} npm start`,
				),
			),
		);
		server.listen(port, "127.0.0.1", resolve);
	});
	await new Promise((resolve) => server.close(resolve));
}

/**
 * A port base that is free, and so are the four ports above it: for tests and benches. Below those that the kernel gives to whoever asks for any
 * (from 32768 on, ip(7)): one of these may be gone by the time that a building has started its database and comes to listen.
 */
export async function freePortBase(): Promise<number> {
	for (let attempt = 0; attempt < 50; attempt++) {
		const base = 10_000 + (randomBytes(2).readUInt16BE(0) % 22_000);
		try {
			for (const port of [base, base + 1, base + 2, base + 3, base + 4]) await assertFree(port);
			return base;
		} catch {
			// taken: try others
		}
	}
	throw new RoomError("start.port_busy", "no five free ports in a row");
}
