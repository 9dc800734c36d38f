import * as z from "zod/mini";
import { envelope } from "./envelope.ts";
import { peripheral } from "./peripherals.ts";
import type { eventType } from "./topics.ts";

const code = z.string().check(z.regex(/^[a-z]+\.[a-z_]+$/), z.maxLength(80));
const version = z.string().check(z.maxLength(40));

/** What a device tells of itself, kept until no broker can forget it any more. Who was in a call, its link or title is no part of any of these. */
export const eventData = {
	"program.started": z.object({ program: z.enum(["room", "agent"]), version }),
	"call.ended": z.object({ reason: code, seconds: z.number().check(z.int(), z.gte(0)), verified: z.boolean() }),
	"engine.failed": z.object({ code, attempt: z.number().check(z.int(), z.gte(0)) }),
	"device.changed": z.object({ kind: z.enum(["camera", "microphone", "speaker", "display"]), present: z.boolean() }),
	/** A device that the room drives came, or was lost; of one that flaps no more than one a minute. */
	"peripheral.changed": peripheral,
	trouble: z.object({ code, over: z.boolean() }),
	"update.rolled_back": z.object({ version, reason: code }),
	/** The last that it says: somebody at its panel has let it forget everything, this fleet too. */
	"device.reset": z.object({}),
} as const satisfies Record<z.infer<typeof eventType>, z.ZodMiniType>;

type Kinds = typeof eventData;
export type EventData = { [Type in keyof Kinds]: z.infer<Kinds[Type]> };

/** The envelope's `ts` is when it happened. */
export const deviceEvent = <Type extends keyof Kinds>(type: Type) =>
	z.object({ ...envelope, data: eventData[type] as Kinds[Type] });
export type DeviceEvent<Type extends keyof Kinds = keyof Kinds> = {
	v: 1;
	mid: string;
	ts: number;
	data: EventData[Type];
};
