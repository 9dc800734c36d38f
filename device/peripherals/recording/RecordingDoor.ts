import { mkdirSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import * as z from "zod/mini";
import type { Clock } from "../../core/clock.ts";
import { JsonLines } from "../../core/JsonLines.ts";
import { RoomError } from "../../core/RoomError.ts";
import type { LineTap } from "../link/LineTap.ts";
import { LineRecorder } from "./LineRecorder.ts";

export interface RecordingDoorOptions {
	/** The taps of the room's devices by the devices' names, as they are when somebody asks. */
	taps: () => ReadonlyMap<string, LineTap>;
	clock: Clock;
}

/** What is asked for, one line; and what is answered instead of a recording, one line. */
const wish = z.object({
	record: z.string().check(z.maxLength(64)),
	mostBytes: z.int().check(z.gte(1024), z.lte(2 ** 30)),
});
export const refusal = z.object({ failed: z.string(), devices: z.array(z.string()) });

const WISH_BYTES = 1024;
/** Who does not ask by then is not one of ours. */
const WISH_MS = 5000;
const MOST_READERS = 4;
/** Bytes that wait for a reader who is slow; further entries are left out, and counted. */
const BEHIND_BYTES = 256 * 1024;

/**
 * A unix socket of the room program at which a technician may listen on the room's lines, and do nothing else: the program holds the
 * ports, so nobody beside it could. Only its own account (and root) gets in.
 */
export class RecordingDoor {
	readonly #options: RecordingDoorOptions;
	readonly #server: Server;
	readonly #readers = new Set<Socket>();

	constructor(options: RecordingDoorOptions) {
		this.#options = options;
		this.#server = createServer((socket) => this.#serve(socket));
	}

	/** @throws RoomError `recording.door_unusable` */
	async listen(path: string): Promise<void> {
		const listening = Promise.withResolvers<void>();
		this.#server.once("error", listening.reject);
		this.#server.once("listening", listening.resolve);
		// For nobody else, not even for a moment; listening on a path is done when `listen` returns.
		const before = process.umask(0o177);
		try {
			mkdirSync(dirname(path), { recursive: true });
			rmSync(path, { force: true });
			this.#server.listen(path);
		} catch (error) {
			listening.reject(error);
		} finally {
			process.umask(before);
		}
		await listening.promise.catch((cause: unknown) => {
			throw new RoomError("recording.door_unusable", "the socket for recordings can't be made", { cause });
		});
	}

	async close(): Promise<void> {
		for (const socket of this.#readers) socket.destroy();
		if (!this.#server.listening) return;
		await new Promise<void>((resolve) => this.#server.close(() => resolve()));
	}

	#serve(socket: Socket): void {
		socket.on("error", () => socket.destroy());
		if (this.#readers.size >= MOST_READERS) return void socket.destroy();
		this.#readers.add(socket);
		const lines = new JsonLines(WISH_BYTES);
		const cancelPatience = this.#options.clock.after(WISH_MS, () => socket.destroy());
		let recorder: LineRecorder | null = null;
		socket.on("data", (chunk) => {
			try {
				for (const line of lines.push(chunk as Buffer)) {
					const asked = wish.safeParse(line.ok ? line.value : null);
					// Nobody has more than one thing to say.
					if (!asked.success || recorder) return void socket.destroy();
					cancelPatience();
					recorder = this.#record(socket, asked.data);
				}
			} catch {
				socket.destroy();
			}
		});
		socket.on("close", () => {
			cancelPatience();
			recorder?.stop();
			this.#readers.delete(socket);
		});
	}

	#record(socket: Socket, { record: device, mostBytes }: z.infer<typeof wish>): LineRecorder | null {
		const taps = this.#options.taps();
		const tap = taps.get(device);
		if (!tap) {
			socket.end(`${JSON.stringify({ failed: "recording.no_such_device", devices: [...taps.keys()] })}\n`);
			return null;
		}
		return new LineRecorder({
			tap,
			device,
			clock: this.#options.clock,
			write(line) {
				if (socket.writableLength > BEHIND_BYTES) return false;
				socket.write(line);
				return true;
			},
			mostBytes,
			onFull: () => socket.end(),
		});
	}
}
