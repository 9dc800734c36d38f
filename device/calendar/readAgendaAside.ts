import { Worker } from "node:worker_threads";
import { RoomError } from "../core/RoomError.ts";
import type { Agenda, AgendaOptions } from "./readAgenda.ts";

/** What an honest calendar of a megabyte takes a small part of. */
const HEAP_MB = 128;

/**
 * Reads a calendar in a thread of its own: whatever the file holds, no touch and no call waits for it.
 *
 * @param deadlineMs after which the thread is ended
 * @throws RoomError `calendar.unreadable` if it is no calendar, or takes too long or too much memory
 */
export async function readAgendaAside(text: string, options: AgendaOptions, deadlineMs: number): Promise<Agenda> {
	const worker = new Worker(new URL("./agendaWorker.ts", import.meta.url), {
		workerData: { text, options },
		resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
		// Its own, so that flags of the room program or of a test runner don't reach it.
		execArgv: [],
	});
	let timer: NodeJS.Timeout | undefined;
	try {
		return await new Promise<Agenda>((resolve, reject) => {
			const fail = (message: string, cause?: unknown) =>
				reject(new RoomError("calendar.unreadable", message, cause === undefined ? {} : { cause }));
			worker.once("message", resolve);
			worker.once("error", (cause) => fail("the calendar could not be read", cause));
			worker.once("exit", () => fail("the calendar's reader ended early"));
			timer = setTimeout(() => fail("the calendar takes too long to read"), deadlineMs);
		});
	} finally {
		clearTimeout(timer);
		await worker.terminate();
	}
}
