/**
 * `incamera room record`: a recording of one device's line. The room's program holds the ports, so it is asked; where none runs, the
 * device is driven from here for as long as it is recorded. Started by the command, which writes down what it is told.
 */
import { loadRoomConfig } from "../config/loadRoomConfig.ts";
import type { RoomConfig } from "../config/RoomConfig.ts";
import { systemClock as clock } from "../core/clock.ts";
import { silentLog as log } from "../core/log.ts";
import { RoomError } from "../core/RoomError.ts";
import { LineTap } from "../peripherals/link/LineTap.ts";
import { askRecording } from "../peripherals/recording/askRecording.ts";
import { LineRecorder } from "../peripherals/recording/LineRecorder.ts";
import { recordingDoorPath } from "./roomState.ts";
import { serveCommand } from "./serveCommand.ts";

export interface RecordOrder {
	/** Path of the room's configuration. */
	config: string;
	device: string;
	mostBytes: number;
}
/** `by`: who drives the device meanwhile. `line`: of the recording, with its line feed. */
export type RecordSaid = { by: "room" | "command" } | { line: string };

await serveCommand<RecordOrder>(async ({ config: path, device, mostBytes }, tell, signal) => {
	const say = (said: RecordSaid): void => tell(said);
	const config = await loadRoomConfig(path);
	let first = true;
	const take = (line: string): void => {
		if (first) say({ by: "room" });
		first = false;
		say({ line });
	};
	try {
		await askRecording(recordingDoorPath(config.state), { device, mostBytes }, take, signal);
	} catch (error) {
		if (!(error instanceof RoomError) || error.code !== "recording.no_program") throw error;
		say({ by: "command" });
		await recordOurselves(config, { device, mostBytes }, (line) => say({ line }), signal);
	}
});

async function recordOurselves(
	config: RoomConfig,
	{ device, mostBytes }: Pick<RecordOrder, "device" | "mostBytes">,
	take: (line: string) => void,
	signal: AbortSignal,
): Promise<void> {
	const setup = config.peripherals.find(({ name }) => name === device);
	if (!setup) {
		const names = config.peripherals.map(({ name }) => name).join(", ") || "none";
		throw new RoomError("recording.no_such_device", `the configuration has no such device; there are: ${names}`);
	}
	// brings native code along, which nobody needs who asks the room's program
	const { driveDevice } = await import("../peripherals/equipment/driveDevice.ts");
	const over = Promise.withResolvers<void>();
	const tap = new LineTap();
	tap.listen((entry) => {
		if (entry.is !== "not_opened" || (entry.why !== "link.busy" && entry.why !== "link.denied")) return;
		const [code, message] =
			entry.why === "link.busy"
				? ["recording.port_busy", "another program holds the device's port, and it is no room's program"]
				: ["recording.denied", "this account may not open the device's port"];
		over.reject(new RoomError(code as string, message as string));
	});
	const write = (line: string): boolean => {
		take(line);
		return true;
	};
	const recorder = new LineRecorder({ tap, device, clock, write, mostBytes, onFull: over.resolve });
	signal.addEventListener("abort", () => over.resolve(), { once: true });
	if (signal.aborted) over.resolve();
	const driver = driveDevice(setup, { clock, log, tap });
	driver.start();
	try {
		await over.promise;
	} finally {
		await driver.stop();
		recorder.stop();
	}
}
