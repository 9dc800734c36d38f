import { RoomError } from "../core/RoomError.ts";
import { type Check, type Finding, failed } from "./Check.ts";

export interface Examined extends Finding {
	id: string;
	title: string;
	/** How long the check took, milliseconds. */
	ms: number;
}

const patienceMs = 10_000;

/** Runs the checks one after another; one that throws or hangs is a failed check, never a failed doctor. */
export async function* runChecks(checks: readonly Check[]): AsyncGenerator<Examined> {
	for (const check of checks) {
		const begun = performance.now();
		const signal = AbortSignal.timeout(patienceMs);
		const tooLong = new Promise<Finding>((resolve) => {
			signal.addEventListener("abort", () =>
				resolve(
					failed(
						"doctor.timeout",
						`no answer within ${patienceMs / 1000} s`,
						"Try again; if it stays, restart the room.",
					),
				),
			);
		});
		const found = check.run(signal).catch((thrown: unknown) => {
			const { code, message } = RoomError.from(thrown, "doctor.check_failed");
			return failed(code, message, "This check itself broke. Collect its code and message for support.");
		});
		const finding = await Promise.race([found, tooLong]);
		yield { id: check.id, title: check.title, ...finding, ms: Math.round(performance.now() - begun) };
	}
}
