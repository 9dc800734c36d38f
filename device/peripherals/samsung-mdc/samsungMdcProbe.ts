import { RequestQueue } from "../link/RequestQueue.ts";
import { scanSplitter } from "../link/scanSplitter.ts";
import { answerOrNull, PROBE_MS } from "../probe/answerOrNull.ts";
import type { Probe } from "../probe/Probe.ts";
import { encodeMdc, mdcCommands, mdcText, measureMdc, parseMdc } from "./mdcFrames.ts";

/** Displays leave the factory as number 1, some as 0. */
const IDS = [1, 0];

/** Asks for the status, then for the model. */
export const samsungMdcProbe: Probe = {
	driver: "samsung-mdc",
	ways: [
		{ by: "serial", speeds: [9600] },
		{ by: "tcp", port: 1515 },
	],
	splitter: () => scanSplitter(measureMdc),
	async ask(link, _by, clock) {
		const queue = new RequestQueue(link, { clock });
		const answer = (id: number, command: number) =>
			queue.ask<Uint8Array>({
				frame: () => encodeMdc(command, id),
				judge(frame) {
					const said = parseMdc(frame);
					// a refusal is an answer too
					return said?.id === id && said.command === command ? { is: "done", value: said.values } : { is: "other" };
				},
				timeoutMs: PROBE_MS,
				resends: 1,
			});
		try {
			for (const id of IDS) {
				if (!(await answerOrNull(answer(id, mdcCommands.status)))) continue;
				const model = await answerOrNull(answer(id, mdcCommands.model));
				return [{ model: `Samsung ${model ? mdcText(model) : ""}`.trim(), settings: id === 1 ? {} : { id } }];
			}
			return [];
		} finally {
			queue.close();
		}
	},
};
