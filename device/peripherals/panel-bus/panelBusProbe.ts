import { RequestQueue } from "../link/RequestQueue.ts";
import { answerOrNull, PROBE_MS } from "../probe/answerOrNull.ts";
import type { Probe } from "../probe/Probe.ts";
import { readFrame, VERSION } from "./frame.ts";
import { type DeviceMessage, readMessage, writeMessage } from "./messages.ts";
import { PanelBusSplitter } from "./PanelBusSplitter.ts";

type Identity = Extract<DeviceMessage, { name: "identity" }>;

/** Says hello; a device that was greeted and hears nothing more goes to its safe side by itself (docs/panel-bus.md, "Time"). */
export const panelBusProbe: Probe = {
	driver: "panel-bus",
	ways: [{ by: "serial", speeds: [115_200] }],
	splitter: () => new PanelBusSplitter(),
	async ask(link, _by, clock) {
		const queue = new RequestQueue(link, { clock });
		const asked = queue.ask<Identity>({
			frame: () => writeMessage({ name: "hello", lowest: VERSION, highest: VERSION }, 1),
			judge(frame) {
				const packet = readFrame(frame);
				const message = packet && readMessage(packet);
				return message?.name === "identity" ? { is: "done", value: message } : { is: "other" };
			},
			timeoutMs: PROBE_MS,
			resends: 1,
		});
		const identity = await answerOrNull(asked).finally(() => queue.close());
		if (identity === null) return [];
		const { model, lowest, highest } = identity;
		const ours = lowest <= VERSION && VERSION <= highest;
		return [
			{ model, settings: {}, ...(ours ? {} : { note: `speaks version ${lowest} to ${highest}, not ${VERSION}` }) },
		];
	},
};
