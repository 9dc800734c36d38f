import { RequestQueue } from "../link/RequestQueue.ts";
import { scanSplitter } from "../link/scanSplitter.ts";
import { answerOrNull, PROBE_MS } from "../probe/answerOrNull.ts";
import type { Probe } from "../probe/Probe.ts";
import { encodeLg, LG_ASK, lgCommands, measureLg, parseLg } from "./lgFrames.ts";

/** As displays leave the factory. */
const ID = 1;

/** Asks whether it is on; there is no question for its model. Some are silent in standby, and not found then. */
export const lgProbe: Probe = {
	driver: "lg",
	ways: [
		{ by: "serial", speeds: [9600] },
		{ by: "tcp", port: 9761 },
	],
	splitter: () => scanSplitter(measureLg),
	async ask(link, _by, clock) {
		const queue = new RequestQueue(link, { clock });
		const asked = queue.ask<true>({
			frame: () => encodeLg(lgCommands.power, ID, LG_ASK),
			judge(frame) {
				const answer = parseLg(frame);
				// a refusal is an answer too
				return answer?.id === ID && answer.letter === lgCommands.power[1]
					? { is: "done", value: true }
					: { is: "other" };
			},
			timeoutMs: PROBE_MS,
			// what others were asked before stands in front of the first
			resends: 1,
		});
		const answered = await answerOrNull(asked).finally(() => queue.close());
		return answered ? [{ model: "LG", settings: {} }] : [];
	},
};
