/**
 * A reference device to play with: prints the path of its serial port, and does what is typed, a letter a line: `k` presses or releases the mute key,
 * `s` closes or opens the shutter by hand, `o` lets somebody come or go, `r` takes its power for a moment.
 */
import { createInterface } from "node:readline";
import { PanelBusSimulator } from "./PanelBusSimulator.ts";

const simulator = await PanelBusSimulator.open();
const { device } = simulator;
console.log(`panel bus on ${simulator.path}; k: mute key, s: shutter by hand, o: occupancy, r: restart`);

const hands: Record<string, () => void> = {
	k: () => device.pressMuteKey(!device.state.muteKey),
	s: () => device.moveShutterByHand(!device.state.shutterClosed),
	o: () => device.occupy(!device.state.occupied),
	r: () => device.start(),
};
const show = () =>
	console.log(
		JSON.stringify({ greeted: device.greeted, light: device.light, muteLamp: device.muteLamp, ...device.state }),
	);
const input = createInterface({ input: process.stdin });
input.on("line", (line) => {
	hands[line.trim()]?.();
	show();
});
input.on("close", () => void simulator.close());
