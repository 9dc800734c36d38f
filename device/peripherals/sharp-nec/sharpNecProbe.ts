import { RequestQueue } from "../link/RequestQueue.ts";
import { scanSplitter } from "../link/scanSplitter.ts";
import { answerOrNull, PROBE_MS } from "../probe/answerOrNull.ts";
import type { Probe } from "../probe/Probe.ts";
import { measureNec, necModelRead, parseNec } from "./necFrames.ts";

/** As displays leave the factory. */
const ID = 1;

/** Asks for the model. */
export const sharpNecProbe: Probe = {
	driver: "sharp-nec",
	ways: [
		{ by: "serial", speeds: [9600] },
		{ by: "tcp", port: 7142 },
	],
	splitter: () => scanSplitter(measureNec),
	async ask(link, _by, clock) {
		const queue = new RequestQueue(link, { clock });
		const asked = queue.ask<string>({
			frame: () => necModelRead(ID),
			judge(frame) {
				const answer = parseNec(frame);
				if (answer?.monitor !== ID) return { is: "other" };
				// one that has nothing to say of its model is there too
				return { is: "done", value: answer.kind === "model" ? answer.model : "" };
			},
			timeoutMs: PROBE_MS,
			resends: 1,
		});
		const model = await answerOrNull(asked).finally(() => queue.close());
		return model === null ? [] : [{ model: model ? `NEC ${model}` : "NEC", settings: {} }];
	},
};
