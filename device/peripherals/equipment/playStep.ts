import { RoomError } from "../../core/RoomError.ts";
import { type DisplayInput, displayInputs } from "../model/Display.ts";
import { type Light, lights } from "../model/PanelBus.ts";
import type { DeviceSetup } from "./DeviceSetup.ts";
import type { Driven } from "./driveDevice.ts";

/** Does one step of a scene, by the word that a configuration has for it. @throws RoomError what stood against it. */
export async function playStep(device: Driven, setup: DeviceSetup, step: string): Promise<void> {
	switch (device.kind) {
		case "camera":
			if (step === "home") return device.home();
			if (step === "on" || step === "off") return device.power(step === "on");
			if (step === "follow" || step === "stay") return device.tracking(step === "follow");
			return device.recall(presetOf(setup, step));
		case "display": {
			if (step === "on" || step === "off") return device.power(step === "on");
			if (step === "mute" || step === "unmute") return device.mute(step === "mute");
			const input = step === "input" && "input" in setup ? setup.input : (step as DisplayInput);
			// the usual scenes say it of every display, and this one's input is nobody's business
			if (input === null) return;
			if (displayInputs.includes(input)) return device.select(input);
			break;
		}
		case "panel-bus":
			if ((lights as readonly string[]).includes(step)) return device.light(step as Light);
			if (step === "lamp-on" || step === "lamp-off") return device.muteLamp(step === "lamp-on");
			if (step === "shutter-open" || step === "shutter-close") return device.shutter(step === "shutter-close");
			break;
	}
	throw unknownStep();
}

function presetOf(setup: DeviceSetup, name: string): number {
	const preset = setup.driver === "visca" ? setup.presets.find((one) => one.name === name) : undefined;
	if (!preset) throw unknownStep();
	return preset.number;
}

/** Only where a configuration wasn't checked. */
const unknownStep = (): RoomError => new RoomError("peripheral.not_supported", "no such step");
