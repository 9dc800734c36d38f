import { fork } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { RoomError } from "../../../device/core/RoomError.ts";
import type { Io } from "../Io.ts";

/**
 * Runs a program of the device beside this command, sends it an order, and hands on what it tells until it ends. Ctrl-C lets go of it.
 * @throws RoomError what it failed with; `room.not_here` where the device's software is not installed; `room.unexpected`
 */
export function askRoomProgram<Said extends object>(
	name: "probeMain" | "recordMain",
	order: object,
	io: Io,
	told: (said: Said) => void,
): Promise<void> {
	const path = fileURLToPath(new URL(`../../../device/program/${name}.ts`, import.meta.url));
	if (!existsSync(path)) {
		const message = "this command works on a room's device, and its software is not on this machine";
		return Promise.reject(new RoomError("room.not_here", message));
	}
	return new Promise((resolve, reject) => {
		// a group of its own: the terminal's Ctrl-C reaches it through us, in order
		const child = fork(path, [], { stdio: ["ignore", "ignore", "inherit", "ipc"], detached: true });
		let failed: RoomError | null = null;
		child.on("message", (said: Said | { failed: { code: string; message: string } }) => {
			if ("failed" in said) failed = new RoomError(said.failed.code, said.failed.message);
			else told(said);
		});
		child.on("error", (cause) => reject(RoomError.from(cause, "room.unexpected")));
		child.on("exit", (code) => {
			if (failed) reject(failed);
			else if (code === 0 || io.signal.aborted) resolve();
			else reject(new RoomError("room.unexpected", "the device's program broke off"));
		});
		child.send(order);
		const end = (): void => {
			if (child.connected) child.disconnect();
		};
		io.signal.addEventListener("abort", end, { once: true });
		if (io.signal.aborted) end();
	});
}
