import { lights } from "../model/PanelBus.ts";
import type { stepsOf } from "../model/scenes.ts";

type Kind = keyof typeof stepsOf;

/** Whether a step makes an earlier one needless that has not been done yet, or only half: off ends all that was to be seen. */
export function overtakes(kind: Kind, newer: string, older: string): boolean {
	return (kind !== "panel-bus" && newer === "off") || aspectOf(kind, newer) === aspectOf(kind, older);
}

/** What of a device a step sets: two that set the same can't both have their way. */
function aspectOf(kind: Kind, step: string): string {
	switch (kind) {
		case "camera":
			if (step === "on" || step === "off") return "power";
			return step === "follow" || step === "stay" ? "tracking" : "view";
		case "display":
			if (step === "on" || step === "off") return "power";
			return step === "mute" || step === "unmute" ? "sound" : "input";
		case "panel-bus":
			if ((lights as readonly string[]).includes(step)) return "light";
			return step.startsWith("lamp-") ? "lamp" : "shutter";
	}
}
