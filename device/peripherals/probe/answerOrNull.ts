import { RoomError } from "../../core/RoomError.ts";

/** What was answered; null: nobody did, or in another language. @throws RoomError `link.lost`: the line has gone. */
export async function answerOrNull<T>(asked: Promise<T>): Promise<T | null> {
	try {
		return await asked;
	} catch (error) {
		if (error instanceof RoomError && error.code === "link.lost") throw error;
		return null;
	}
}

/** Milliseconds in which a device that is there answers. */
export const PROBE_MS = 500;
