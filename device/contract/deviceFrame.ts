import * as z from "zod/mini";
import { snapshot } from "./snapshot.ts";

/**
 * Device → panel. `levels` (0–1, about ten a second in a call) are apart from the snapshot, so that a meter redraws nothing else. In a file of
 * its own, because the page parses this and never an intent: it carries no schema that it doesn't need.
 */
export const deviceFrame = z.discriminatedUnion("t", [
	z.object({ t: z.literal("snapshot"), snapshot }),
	z.object({ t: z.literal("levels"), microphone: z.number(), far: z.number() }),
	z.object({ t: z.literal("ack"), id: z.number() }),
	z.object({ t: z.literal("refused"), id: z.number(), code: z.enum(["panel.not_now", "panel.malformed"]) }),
	z.object({ t: z.literal("ping") }),
]);
export type DeviceFrame = z.infer<typeof deviceFrame>;
