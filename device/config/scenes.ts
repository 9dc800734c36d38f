import * as z from "zod/mini";
import { driverKinds } from "../peripherals/model/drivers.ts";
import { sceneNames, stepsOf } from "../peripherals/model/scenes.ts";
import type { DeviceSetup } from "./peripherals.ts";
import { group, list, matching, named, text, whole } from "./primitives.ts";
import { suggest } from "./suggest.ts";

/** What each device does, one step after the other. */
const scene = named(
	/^.{1,32}$/,
	"the name of a device",
	z.pipe(
		z.union([text(40), list(text(40), 8)], "must be a step or a list of steps"),
		z.transform((steps) => (typeof steps === "string" ? [steps] : steps)),
	),
	16,
);

/** What the room's equipment does by itself. A scene that is not here does what is usual; an empty one does nothing. */
export const scenes = group({
	...(Object.fromEntries(sceneNames.map((name) => [name, z.optional(scene)])) as Record<
		(typeof sceneNames)[number],
		z.ZodMiniOptional<typeof scene>
	>),
	/** Minutes without anybody, by the sensor or since the last call, before `standby`, or before `evening` after its time. */
	quietMinutes: z._default(whole(1, 240), 15),
	/** By the room's clock; for eight hours from then on the room's day is over. */
	eveningAt: z._default(matching(/^(?:never|(?:[01]\d|2[0-3]):[0-5]\d)$/, "a time like 20:00, or never"), "20:00"),
});
export type SceneSetup = z.infer<typeof scenes>;

/** What in the scenes names a device or a step that isn't there, with the path of its key. */
export function sceneProblems(
	devices: readonly DeviceSetup[],
	scenes: SceneSetup,
): { path: (string | number)[]; message: string }[] {
	const problems: { path: (string | number)[]; message: string }[] = [];
	for (const scene of sceneNames) {
		for (const [name, steps] of Object.entries(scenes[scene] ?? {})) {
			const device = devices.find((one) => one.name === name);
			const path = ["scenes", scene, name];
			if (!device) {
				const near = suggest(
					name,
					devices.map((one) => one.name),
				);
				const message = `is no device of \`peripherals\`${near ? `; did you mean ${near}?` : ""}`;
				problems.push({ path, message });
				continue;
			}
			for (const [place, step] of steps.entries()) {
				const problem = stepProblem(device, step);
				if (problem) problems.push({ path: [...path, place], message: problem });
			}
		}
	}
	return problems;
}

function stepProblem(device: DeviceSetup, step: string): string | null {
	const kind = driverKinds[device.driver];
	const known: readonly string[] = stepsOf[kind];
	if (step === "input" && "input" in device && device.input === null) return "needs the display's `input`";
	if (known.includes(step)) return null;
	if ("presets" in device && device.presets.some(({ name }) => name === step)) return null;
	return `must be ${known.join(", ")}${kind === "camera" ? ", or the name of a preset" : ""}`;
}
