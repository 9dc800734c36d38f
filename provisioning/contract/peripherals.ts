import * as z from "zod/mini";

/** A device that a room drives, as the fleet is told of it: by the name that the room's configuration gives it, never by what it says. */
export const peripheral = z.object({
	id: z.string().check(z.regex(/^[a-z][a-z0-9-]{0,31}$/)),
	kind: z.enum(["camera", "display", "panel-bus"]),
	state: z.enum(["starting", "ok", "lost"]),
	/** Why it is not to be used, or of what use it is not. */
	failure: z.nullable(z.string().check(z.regex(/^[a-z]+\.[a-z_]+$/), z.maxLength(80))),
});
export type Peripheral = z.infer<typeof peripheral>;
