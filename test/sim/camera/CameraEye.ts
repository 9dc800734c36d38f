import { copyFile, mkdir, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import type { Gaze } from "../../../device/media/gaze.ts";

/**
 * What a simulated camera sees, for the engine's `virtual:<folder>`: the picture, and a socket that says where the camera looks whenever it is
 * asked. The folder is made and, at the end, removed.
 */
export class CameraEye {
	readonly folder: string;
	readonly #look: () => Gaze;
	readonly #server: Server;
	readonly #askers = new Set<Socket>();
	/** Questions so far: none come while the camera is closed. */
	asked = 0;

	/** @param look where the camera looks now. */
	static async open(folder: string, look: () => Gaze): Promise<CameraEye> {
		await mkdir(folder, { recursive: true });
		await copyFile(join(import.meta.dirname, "wideRoom.png"), join(folder, "picture.png"));
		const eye = new CameraEye(folder, look);
		// what a simulator that was killed left behind would be in the way
		await rm(join(folder, "gaze"), { force: true });
		await new Promise<void>((resolve, reject) => {
			eye.#server.once("error", reject);
			eye.#server.listen(join(folder, "gaze"), resolve);
		});
		return eye;
	}

	private constructor(folder: string, look: () => Gaze) {
		this.folder = folder;
		this.#look = look;
		this.#server = createServer((socket) => this.#answer(socket));
	}

	/** Engines that have the camera open. */
	get askers(): number {
		return this.#askers.size;
	}

	async close(): Promise<void> {
		for (const socket of this.#askers) socket.destroy();
		await new Promise((resolve) => this.#server.close(resolve));
		await rm(this.folder, { recursive: true, force: true });
	}

	#answer(socket: Socket): void {
		this.#askers.add(socket);
		socket.on("close", () => this.#askers.delete(socket));
		socket.on("error", () => {});
		socket.on("data", (questions) => {
			this.asked += questions.length;
			const { pan, tilt, zoom } = this.#look();
			socket.write(`${JSON.stringify({ pan, tilt, zoom })}\n`);
		});
	}
}
