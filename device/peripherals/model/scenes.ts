import { displayInputs } from "./Display.ts";
import { lights } from "./PanelBus.ts";

/**
 * The moments in which the room's equipment does something by itself.
 *  - `join`: a call begins, or we ring somebody. `camera`: somebody wants to be seen in it.
 *  - `mute`, `unmute`: nothing leaves the microphone in a call, or something does again.
 *  - `ringing`: another room rings. `leave`: the call is over, or nobody answered the ring. `trouble`: the room can't be used.
 *  - `standby`: nobody has been here for a while. `wake`: somebody came. `evening`: nobody uses the room any more today.
 */
export const sceneNames = [
	"join",
	"camera",
	"mute",
	"unmute",
	"ringing",
	"leave",
	"trouble",
	"standby",
	"wake",
	"evening",
] as const;
export type SceneName = (typeof sceneNames)[number];

/** What a scene can ask of a device, by the words of a configuration. A camera also takes the name of one of its presets. */
export const stepsOf = {
	/** `follow`: it follows people by itself; `stay`: no longer. */
	camera: ["home", "on", "off", "follow", "stay"],
	/** `input`: the one that the configuration gives this display. */
	display: ["on", "off", "input", "mute", "unmute", ...displayInputs],
	/** Lights; `lamp`: the one of the mute key. */
	"panel-bus": [...lights, "lamp-on", "lamp-off", "shutter-close", "shutter-open"],
} as const;
export type Step<Kind extends keyof typeof stepsOf = keyof typeof stepsOf> = (typeof stepsOf)[Kind][number];
