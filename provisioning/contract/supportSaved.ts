import * as z from "zod/mini";
import { random16 } from "./envelope.ts";

/** Why a support bundle is not on the stick. */
export const supportFailure = z.enum([
	"support.no_stick",
	"support.stick_read_only",
	"support.stick_full",
	"support.stick_gone",
	"support.failed",
]);
export type SupportFailure = z.infer<typeof supportFailure>;

/**
 * On a device of the image: the agent writes a wish into `supportWish` and a unit of systemd's sees to it, which says in `supportOutcome` how it
 * goes. `wish`: which one.
 */
export const supportWish = z.object({ wish: random16 });
export const supportOutcome = z.object({
	wish: random16,
	state: z.enum(["collecting", "writing", "done", "failed"]),
	/** Its name on the stick; null: not written. */
	file: z.nullable(z.string().check(z.regex(/^incamera-support-\d{8}-\d{6}\.json$/))),
	code: z.nullable(supportFailure),
});
export type SupportOutcome = z.infer<typeof supportOutcome>;
