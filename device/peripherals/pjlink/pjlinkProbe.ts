import type { Clock } from "../../core/clock.ts";
import type { FrameLink } from "../link/FrameLink.ts";
import { RequestQueue } from "../link/RequestQueue.ts";
import { scanSplitter } from "../link/scanSplitter.ts";
import { answerOrNull, PROBE_MS } from "../probe/answerOrNull.ts";
import type { Probe } from "../probe/Probe.ts";
import { encodePjlink, measurePjlink, PJLINK_PORT, type PjlinkLine, parsePjlink } from "./pjlinkLines.ts";

/**
 * A projector greets whoever connects. One without a password is asked for its maker and model; one with a password says nothing more, and
 * who guesses is locked out.
 */
export const pjlinkProbe: Probe = {
	driver: "pjlink",
	ways: [{ by: "tcp", port: PJLINK_PORT }],
	splitter: () => scanSplitter(measurePjlink),
	async ask(link, _by, clock) {
		const queue = new RequestQueue(link, { clock });
		const answer = (body: string) =>
			queue.ask<string>({
				frame: () => Buffer.from(encodePjlink(body, "?"), "latin1"),
				judge(frame) {
					const line = parsePjlink(frame);
					return line?.kind === "response" && line.body === body ? { is: "done", value: line.value } : { is: "other" };
				},
				timeoutMs: PROBE_MS,
			});
		try {
			const greeting = await greetingOf(link, clock);
			if (!greeting) return [];
			if (greeting.challenge !== null) {
				return [{ model: null, settings: {}, note: "asks for a password: add it as `password`" }];
			}
			const words = [await answerOrNull(answer("INF1")), await answerOrNull(answer("INF2"))];
			const model = words.filter((word) => word !== null && !/^ERR\d$/.test(word)).join(" ");
			return [{ model: model || null, settings: {} }];
		} finally {
			queue.close();
		}
	},
};

type Greeting = Extract<PjlinkLine, { kind: "greeting" }>;

/** Comes right after the line came up, or not at all. */
function greetingOf(link: FrameLink, clock: Clock): Promise<Greeting | null> {
	return new Promise((resolve) => {
		const end = (greeting: Greeting | null): void => {
			cancel();
			unlisten();
			resolve(greeting);
		};
		const cancel = clock.after(2 * PROBE_MS, () => end(null));
		const unlisten = link.onFrame((frame) => {
			const line = parsePjlink(frame);
			if (line?.kind === "greeting") end(line);
		});
	});
}
