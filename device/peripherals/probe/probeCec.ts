import type { Clock } from "../../core/clock.ts";
import { cecDisplay } from "../cec/cecDisplay.ts";
import type { PeripheralHealth } from "../model/Peripheral.ts";
import type { PlaceReport } from "./probePlace.ts";

export interface CecProbeOptions {
	clock: Clock;
	/** Ends it at once. */
	signal: AbortSignal;
	/** Instead of `cec-ctl`. */
	binary?: string;
}

/** The driver's first questions, each of which may be tried for a second or two. */
const MOST_MS = 15_000;

/** Asks over the HDMI line of an adapter (/dev/cec0) what display is at its end: by the driver, which only asks as long as nobody wants more. */
export async function probeCec(path: string, { clock, signal, binary }: CecProbeOptions): Promise<PlaceReport> {
	const display = cecDisplay({ device: path, clock, ...(binary ? { binary } : {}) });
	const told = Promise.withResolvers<PeripheralHealth>();
	const enough = (): void => told.resolve(display.health);
	display.onHealth(({ state }) => {
		if (state !== "starting") enough();
	});
	const cancel = clock.after(MOST_MS, enough);
	signal.addEventListener("abort", enough, { once: true });
	if (signal.aborted) enough();
	else display.start();
	const { state, failure, model } = await told.promise;
	cancel();
	signal.removeEventListener("abort", enough);
	await display.stop();
	if (state !== "ok") return { place: path, state: failure ?? "silent", sightings: [] };
	return {
		place: path,
		state: "found",
		sightings: [{ driver: "cec", at: { by: "cec", path }, usual: true, model, settings: {} }],
	};
}
