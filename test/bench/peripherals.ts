/** The room's equipment: how soon a thumb is on the wire, how fast frames are read, what eight devices cost that are asked how they are. */
import { codecRows } from "./peripherals/codecs.ts";
import { polledRows } from "./peripherals/polled.ts";
import { thumbRows } from "./peripherals/thumb.ts";
import type { Row } from "./report.ts";

export async function bench({ quick }: { quick: boolean }): Promise<Row[]> {
	return [...(await thumbRows(quick)), ...codecRows(quick), ...(await polledRows(quick))];
}
