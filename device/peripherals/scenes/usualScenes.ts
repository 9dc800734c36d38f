import type { SceneName, Step, stepsOf } from "../model/scenes.ts";

type Steps = { readonly [Kind in keyof typeof stepsOf]?: readonly Step<Kind>[] };

/**
 * What devices do where the configuration doesn't say. A shutter with a motor is open only in a call in which somebody wants to be seen;
 * what a hand closed stays closed in any case.
 */
export const usualScenes: Readonly<Record<SceneName, Steps>> = {
	join: { display: ["on", "input"], camera: ["home"], "panel-bus": ["busy", "lamp-off"] },
	camera: { "panel-bus": ["shutter-open"] },
	mute: { "panel-bus": ["muted", "lamp-on"] },
	unmute: { "panel-bus": ["busy", "lamp-off"] },
	ringing: { "panel-bus": ["ringing"] },
	leave: { "panel-bus": ["free", "lamp-off", "shutter-close"] },
	trouble: { "panel-bus": ["trouble"] },
	standby: { display: ["off"] },
	// not the input: somebody may show something else by now
	wake: { display: ["on"] },
	evening: { display: ["off"] },
};
