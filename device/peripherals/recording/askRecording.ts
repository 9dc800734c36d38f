import { connect } from "node:net";
import { JsonLines } from "../../core/JsonLines.ts";
import { RoomError } from "../../core/RoomError.ts";
import { refusal } from "./RecordingDoor.ts";

const LINE_BYTES = 256 * 1024;

/**
 * Asks a room program that runs for a recording. Resolves when it is over: aborted, full, or the program ended.
 * @param take is given each line, with its line feed
 * @throws RoomError `recording.no_program` (none runs here), `recording.denied`, `recording.no_such_device` (in its message: those there are)
 */
export async function askRecording(
	path: string,
	asked: { device: string; mostBytes: number },
	take: (line: string) => void,
	signal: AbortSignal,
): Promise<void> {
	const socket = connect(path);
	const lines = new JsonLines(LINE_BYTES);
	const over = Promise.withResolvers<void>();
	const end = () => socket.destroy();
	signal.addEventListener("abort", end, { once: true });
	if (signal.aborted) end();
	socket.on("connect", () => socket.write(`${JSON.stringify({ record: asked.device, mostBytes: asked.mostBytes })}\n`));
	socket.on("data", (chunk) => {
		try {
			for (const line of lines.push(chunk as Buffer)) {
				const refused = refusal.safeParse(line.ok ? line.value : null);
				if (refused.success) {
					const { failed, devices } = refused.data;
					const names = devices.length > 0 ? devices.join(", ") : "none";
					throw new RoomError(failed, `the room has no such device; there are: ${names}`);
				}
				if (line.ok) take(`${JSON.stringify(line.value)}\n`);
			}
		} catch (error) {
			over.reject(error);
			socket.destroy();
		}
	});
	socket.on("error", (cause: NodeJS.ErrnoException) => {
		if (cause.code === "EACCES")
			over.reject(new RoomError("recording.denied", "the room program's socket is for its own account", { cause }));
		else if (["ENOENT", "ECONNREFUSED"].includes(String(cause.code)))
			over.reject(new RoomError("recording.no_program", "no room program runs here", { cause }));
		else over.resolve();
	});
	socket.on("close", () => over.resolve());
	try {
		await over.promise;
	} finally {
		signal.removeEventListener("abort", end);
	}
}
