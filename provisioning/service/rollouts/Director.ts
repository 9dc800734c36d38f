import { createPrivateKey, type KeyObject } from "node:crypto";
import type { Clock } from "../../../device/core/clock.ts";
import type { Directive, FirmwareSpec } from "../../contract/jobs.ts";
import { makeDirective } from "../../trust/directive.ts";
import { renewing } from "../broker/renewing.ts";
import type { FleetCa } from "../ca/FleetCa.ts";

/** Made new every twenty: of each forty are left, and a job waits for thirty at most. */
const CERTIFICATE_DAYS = 60;

export interface DirectorOptions {
	ca: FleetCa;
	clock: Clock;
	/** A renewal failed; it is tried again. */
	failed?: (thrown: unknown) => void;
}

export interface DirectedJob {
	device: string;
	jobId: string;
	seq: number;
	spec: FirmwareSpec;
	/** Milliseconds since the epoch. */
	exp: number;
}

/**
 * The fleet's director: signs for each device which bundle it is to install. Its key lives in this worker's memory only, and is made director by a certificate of
 * the fleet's authority; devices ask the image repository, too (docs/adr/0010).
 */
export class Director {
	#signs: { certificate: string; key: KeyObject };
	readonly #endRenewing: () => Promise<void>;

	private constructor({ ca, clock, failed }: DirectorOptions, signs: { certificate: string; key: KeyObject }) {
		this.#signs = signs;
		const renew = async (): Promise<void> => {
			this.#signs = await appoint(ca);
		};
		this.#endRenewing = renewing(clock, renew, failed);
	}

	static async start(options: DirectorOptions): Promise<Director> {
		return new Director(options, await appoint(options.ca));
	}

	direct({ device, jobId, seq, spec, exp }: DirectedJob): Directive {
		const { certificate, key } = this.#signs;
		const { digest, bytes, version } = spec;
		return {
			certificate,
			targets: makeDirective({ device, jobId, seq, release: { digest, bytes, version }, expires: exp }, key),
		};
	}

	close(): Promise<void> {
		return this.#endRenewing();
	}
}

async function appoint(ca: FleetCa): Promise<{ certificate: string; key: KeyObject }> {
	const { certificate, key } = await ca.issuePart("director", { days: CERTIFICATE_DAYS });
	return { certificate, key: createPrivateKey(key) };
}
