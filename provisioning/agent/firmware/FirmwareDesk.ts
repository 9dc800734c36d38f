import type { Clock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { firmwareVersion } from "../../contract/jobs.ts";
import type { FirmwareShown } from "../../contract/local.ts";
import { compareVersions } from "../../contract/versions.ts";
import type { Release } from "../../trust/metadata.ts";
import type { FirmwareExecutor } from "../jobs/FirmwareExecutor.ts";
import type { JobDesk } from "../jobs/JobDesk.ts";
import type { RoomLink } from "../local/RoomLink.ts";
import type { UpdateTrust } from "../trust/UpdateTrust.ts";
import { type BundleOnStick, newestOnSticks } from "./newestOnSticks.ts";

export interface FirmwareDeskOptions {
	executor: FirmwareExecutor;
	trust: UpdateTrust | null;
	jobs: JobDesk;
	link: RoomLink;
	clock: Clock;
	/** Where sticks are mounted, each in a folder of its own; null: none are looked at. */
	sticks: string | null;
}

/** A stick is noticed within. */
const LOOK_MS = 3000;

type Offer = BundleOnStick & ({ release: Release; code: null } | { release: null; code: string });

/** What the service page says of the firmware, and the update that somebody brings on a stick: offered, and begun when a person at the panel wants it. */
export class FirmwareDesk {
	readonly #options: FirmwareDeskOptions;
	readonly #stops: (() => void)[];
	#offer: Offer | null = null;
	#seen = "";
	#told = "";
	#closed = false;
	#cancel: () => void = () => {};

	constructor(options: FirmwareDeskOptions) {
		const { link, jobs } = options;
		this.#options = options;
		this.#stops = [
			link.events.on("arrived", () => {
				this.#told = "";
				void this.#tell();
			}),
			link.events.on("installStick", ({ version }) => void this.#install(version)),
			jobs.events.on("changed", () => void this.#tell()),
		];
	}

	start(): void {
		void this.#tell();
		if (this.#options.sticks !== null) void this.#look();
	}

	close(): void {
		this.#closed = true;
		this.#cancel();
		for (const stop of this.#stops.splice(0)) stop();
	}

	async #look(): Promise<void> {
		const { sticks, clock } = this.#options;
		const found = await newestOnSticks(sticks as string);
		const seen = found === null ? "" : JSON.stringify(found);
		if (seen !== this.#seen) {
			this.#seen = seen;
			this.#offer = found && (await this.#judge(found));
			await this.#tell();
		}
		if (!this.#closed) this.#cancel = clock.after(LOOK_MS, () => void this.#look());
	}

	/** Whether what is on a stick would be installed here: all that can be said before it is copied. */
	async #judge(found: BundleOnStick): Promise<Offer> {
		const { executor, trust } = this.#options;
		try {
			if (!executor.supported) throw new RoomError("update.not_supported", "nothing can be installed here");
			const { version } = await executor.booted();
			if (firmwareVersion.safeParse(version).success && compareVersions(found.version, version) <= 0)
				throw new RoomError("update.not_newer", "it is not newer than what runs");
			if (!trust) throw new RoomError("update.no_root", "nobody says here what is released");
			return { ...found, release: await trust.onStick(found.folder, found), code: null };
		} catch (error) {
			const { code } = RoomError.from(error, "update.failed");
			// what can't be reached on a stick is not there
			return { ...found, release: null, code: code === "update.unreachable" ? "update.no_metadata" : code };
		}
	}

	/** What somebody saw and wanted is looked at once more: it may be another stick by now. */
	async #install(version: string): Promise<void> {
		const { sticks, jobs } = this.#options;
		const found = sticks === null ? null : await newestOnSticks(sticks);
		if (found?.version !== version || this.#closed) return;
		const offer = await this.#judge(found);
		this.#offer = offer;
		if (offer.release && !this.#closed) jobs.install(offer.path, offer.release);
		await this.#tell();
	}

	async #tell(): Promise<void> {
		const { executor, jobs, link } = this.#options;
		try {
			const { version } = await executor.booted();
			const slots = executor.supported ? await executor.slots() : null;
			const stick = this.#offer && { version: this.#offer.version, code: this.#offer.code };
			const firmware: FirmwareShown = { version: version.slice(0, 60), slots, last: jobs.last, stick };
			const told = JSON.stringify(firmware);
			if (told === this.#told || this.#closed) return;
			if (link.send({ t: "firmware", firmware })) this.#told = told;
		} catch {
			// firmware that can't say what it is now can say so later
		}
	}
}
