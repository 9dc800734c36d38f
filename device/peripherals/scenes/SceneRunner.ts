import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import type { SceneName, stepsOf } from "../model/scenes.ts";
import { StepQueue } from "./StepQueue.ts";
import { lastingScenes, type SceneView, type Situation, type SleepRules, sceneOf } from "./sceneOf.ts";
import { usualScenes } from "./usualScenes.ts";

/** A device as the scenes see it. */
export interface SceneDevice {
	/** In the configuration. */
	readonly name: string;
	readonly kind: keyof typeof stepsOf;
	/** Does one step of its kind, or turns to the preset of this name. @throws RoomError what stood against it. */
	play(step: string): Promise<void>;
	/** Whether it is there to be told something. */
	readonly ready: boolean;
	/** Calls back each time it came (back). */
	onReady(callback: () => void): () => void;
}

/** Steps by the names of devices, for the scenes that a configuration changes. */
export type SceneSteps = {
	readonly [Scene in SceneName]?: { readonly [device: string]: readonly string[] } | undefined;
};

export interface SceneRunnerOptions {
	devices: readonly SceneDevice[];
	scenes: SceneSteps;
	rules: SleepRules;
	clock: Clock;
	log: Log;
}

/**
 * Lets the room's equipment follow what the room does. Each device has a queue of its own: one that is slow, broken or gone holds up
 * no other, and none holds up the room. A device that comes back is told what is to be seen now, but never to go off or to turn away:
 * somebody may have switched it on by hand.
 */
export class SceneRunner {
	readonly #options: SceneRunnerOptions;
	readonly #queues = new Map<string, StepQueue>();
	readonly #unlisten: (() => void)[];
	#situation: Situation | null = null;
	#view: SceneView | null = null;
	#cancelLook: () => void = () => {};
	#stopped = false;

	constructor(options: SceneRunnerOptions) {
		this.#options = options;
		const { devices, clock, log } = options;
		for (const device of devices) {
			const { kind } = device;
			const play = (step: string) => device.play(step);
			this.#queues.set(device.name, new StepQueue({ kind, play, clock, log }));
		}
		this.#unlisten = devices.map((device) => device.onReady(() => this.#show(device)));
	}

	/** The room as it is now. */
	saw(view: SceneView): void {
		const first = this.#view === null;
		this.#view = view;
		this.#look();
		if (first) for (const device of this.#options.devices) if (device.ready) this.#show(device);
	}

	stop(): void {
		this.#stopped = true;
		this.#cancelLook();
		for (const unlisten of this.#unlisten) unlisten();
		for (const queue of this.#queues.values()) queue.stop();
	}

	#look(): void {
		if (this.#stopped || this.#view === null) return;
		const { clock, rules, devices } = this.#options;
		const now = clock.now();
		const { situation, scenes, lookAgainAt } = sceneOf(this.#situation, this.#view, now, rules);
		this.#situation = situation;
		this.#cancelLook();
		if (lookAgainAt !== null) this.#cancelLook = clock.after(lookAgainAt - now, () => this.#look());
		for (const scene of scenes) {
			// one that is not there is told when it comes what counts then
			for (const device of devices) if (device.ready) this.#queues.get(device.name)?.add(this.#steps(scene, device));
		}
	}

	/** A device came (back): it is told what lasts. */
	#show(device: SceneDevice): void {
		if (this.#stopped || this.#situation === null || device.kind === "camera") return;
		const queue = this.#queues.get(device.name);
		for (const scene of lastingScenes(this.#situation)) {
			const steps = this.#steps(scene, device);
			queue?.add(device.kind === "display" ? steps.filter((step) => step !== "off") : steps.filter(isSeen));
		}
	}

	#steps(scene: SceneName, { name, kind }: SceneDevice): readonly string[] {
		const own = this.#options.scenes[scene];
		return own ? (own[name] ?? []) : (usualScenes[scene][kind] ?? []);
	}
}

/**
 * A shutter is moved when the room does something, never because its device was plugged in: one that lost its power may have forgotten
 * that a hand closed it.
 */
const isSeen = (step: string): boolean => !step.startsWith("shutter-");
