/**
 * `npm start`: a whole building on one machine. The fleet service with its database, brokers and console, the rendezvous with the guest
 * page, two rooms in service and a new device that is nobody's, each of them an agent and a room program as on the appliance; a
 * calendar with a meeting due now. Everything lives in a temporary folder and is gone after Ctrl-C.
 *
 * `INCAMERA_PORT_BASE` (8080) is the service's port; the panels have the next three, Berlin's desk the one after. `INCAMERA_TURN=1` starts coturn too.
 */
import { ElementsCheck } from "../device/doctor/ElementsCheck.ts";
import { FleetBuilding } from "./building/FleetBuilding.ts";

const base = Number(process.env["INCAMERA_PORT_BASE"] ?? 8080);
if (!Number.isInteger(base) || base < 1024 || base > 65_000) {
	console.error("start.port_invalid: INCAMERA_PORT_BASE must be a number from 1024 to 65000.");
	process.exit(2);
}

// a room finds it out only once it is in service, after all the rest has been started
const elements = await new ElementsCheck().run();
if (elements.status === "failed") {
	console.error(`${elements.code}: GStreamer's elements: ${elements.found}. Install them: ${elements.advice}`);
	process.exit(1);
}

const building = new FleetBuilding({
	base,
	turn: process.env["INCAMERA_TURN"] === "1",
	equipment: true,
	say: (line) => console.log(line),
});
let stopping: Promise<void> | null = null;
const stop = (code: number) => {
	stopping ??= building.stop().then(
		() => process.exit(code),
		(error) => {
			console.error(error);
			process.exit(1);
		},
	);
};
process.on("SIGINT", () => stop(0));
process.on("SIGTERM", () => stop(0));
process.on("SIGHUP", () => stop(0));
building.onGone = (device) => {
	if (stopping) return;
	console.error(`start.device_gone: a program of the device ${device} ended; stopping the building.`);
	stop(1);
};

try {
	const { rendezvous, console: consoleUrl, invitation, rooms, newDevice, desk, guestLink } = await building.start();
	console.log(`
  InCamera: a building on this machine

    Room Berlin     ${rooms.berlin}      its TV  ${rooms.berlin}/tv
    Its desk        ${desk}      light, mute key, shutter, camera
    Room München    ${rooms.muenchen}      its TV  ${rooms.muenchen}/tv
    A new device    ${newDevice}
    Console         ${consoleUrl}
    Rendezvous      ${rendezvous}

  1. Open Berlin's panel and tap Beitreten (Join).
  2. Open the guest link in another tab and join:

    ${guestLink}

  3. Berlin's camera turns: open Kamera drehen (Turn camera) on its panel in the call, hold and drag, and the guest sees it.

  For IT: the first admin comes in by this link, once, and then by a passkey. Make a code in the console and type it at the new device:

    ${invitation}

  Ctrl-C ends everything.
`);
} catch (error) {
	// told to stop while it started: what failed is the starting
	await stopping;
	const { code, message } = error as { code?: string; message: string };
	const advice = code?.startsWith("media.") ? " · `npm run doctor` says what to install" : "";
	console.error(code ? `${code}: ${message}${advice}` : error);
	await building.stop();
	process.exit(1);
}
