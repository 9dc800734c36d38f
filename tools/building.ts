/**
 * `npm start`: a whole building on one machine. Rendezvous with the guest page, a broker, and two rooms, each a process tree of its
 * own as on the appliance; a calendar with a meeting due now. Everything lives in a temporary folder and is gone after Ctrl-C.
 *
 * `INCAMERA_PORT_BASE` (8080) is the rendezvous' port; the rooms' panels have the next two. `INCAMERA_TURN=1` starts coturn too.
 */
import { Building } from "./building/Building.ts";

const base = Number(process.env["INCAMERA_PORT_BASE"] ?? 8080);
if (!Number.isInteger(base) || base < 1024 || base > 65_000) {
	console.error("start.port_invalid: INCAMERA_PORT_BASE must be a number from 1024 to 65000.");
	process.exit(2);
}

const building = new Building({ base, turn: process.env["INCAMERA_TURN"] === "1", say: (line) => console.log(line) });
let stopping: Promise<void> | null = null;
const stop = (code: number) => {
	stopping ??= building.stop().then(() => process.exit(code));
};
process.on("SIGINT", () => stop(0));
process.on("SIGTERM", () => stop(0));
process.on("SIGHUP", () => stop(0));
building.onRoomGone = (room) => {
	if (stopping) return;
	console.error(`start.room_gone: the program of room ${room} ended; stopping the building.`);
	stop(1);
};

try {
	const { rendezvous, rooms, guestLink } = await building.start();
	console.log(`
  InCamera: a building on this machine

    Room Berlin     ${rooms.berlin}      its TV  ${rooms.berlin}/tv
    Room München    ${rooms.muenchen}      its TV  ${rooms.muenchen}/tv
    Rendezvous      ${rendezvous}

  1. Open Berlin's panel and tap Beitreten (Join).
  2. Open the guest link in another tab and join:

    ${guestLink}

  Ctrl-C ends everything.
`);
} catch (error) {
	const { code, message } = error as { code?: string; message: string };
	const advice = code?.startsWith("media.") ? " · `npm run doctor` says what to install" : "";
	console.error(code ? `${code}: ${message}${advice}` : error);
	await building.stop();
	process.exit(1);
}
