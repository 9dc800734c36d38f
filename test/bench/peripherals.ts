/** The room's equipment: how soon a thumb is on the wire, how fast frames are read, what eight devices cost that are asked how they are. */
import { codecRows } from "./peripherals/codecs.ts";
import { inCallRows } from "./peripherals/inCall.ts";
import { polledRows } from "./peripherals/polled.ts";
import { thumbRows } from "./peripherals/thumb.ts";
import type { Row } from "./report.ts";

export async function bench({ quick, inCall }: { quick: boolean; inCall: boolean }): Promise<Row[]> {
	if (inCall) return inCallRows(quick);
	return [...(await thumbRows(quick)), ...codecRows(quick), ...(await polledRows(quick))];
}
