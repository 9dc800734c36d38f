import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../../device/core/clock.ts";
import { isMountPoint } from "../../../device/core/isMountPoint.ts";
import type { SupportShown } from "../../contract/local.ts";
import { supportOutcome } from "../../contract/supportSaved.ts";
import { random16 } from "../envelope.ts";
import type { RoomLink } from "../local/RoomLink.ts";

export interface SupportDeskOptions {
	/** Files between us and who does it; null: nobody here can. */
	files: { wish: string; outcome: string } | null;
	/** Where sticks are mounted, each in a folder of its own; null: none are looked at. */
	sticks: string | null;
	link: RoomLink;
	clock: Clock;
}

type Shown = NonNullable<SupportShown>;

/** A stick is noticed, and how it goes is heard, within. */
const LOOK_MS = 1000;
/** Collecting takes seconds; who has said nothing new for so long will not. */
const SILENCE_MS = 150_000;

/**
 * The support bundle that somebody at the panel wants on a stick. The agent may neither read the journal nor write to a stick: a unit of systemd's
 * watches for the wish, and says in a file how it goes (`image/root/programs/support.ts`).
 */
export class SupportDesk {
	readonly #options: SupportDeskOptions;
	readonly #stops: (() => void)[] = [];
	#shown: SupportShown = null;
	/** The wish that is under way, and until when something has to be heard of it. */
	#wish: { id: string; until: number } | null = null;
	#there = false;
	#told = "";
	#closed = false;
	#cancel: () => void = () => {};

	constructor(options: SupportDeskOptions) {
		const { files, sticks, link } = options;
		this.#options = options;
		if (files === null || sticks === null) return;
		this.#stops.push(
			link.events.on("arrived", () => {
				this.#told = "";
				this.#tell();
			}),
			link.events.on("support", () => void this.#begin(files.wish)),
		);
		void this.#look(files.outcome, sticks);
	}

	close(): void {
		this.#closed = true;
		this.#cancel();
		for (const stop of this.#stops.splice(0)) stop();
	}

	async #begin(wish: string): Promise<void> {
		if (this.#shown === null || this.#wish) return;
		const id = random16();
		this.#wish = { id, until: this.#options.clock.now() + SILENCE_MS };
		this.#show({ state: "collecting", file: null, code: null });
		try {
			await writeFile(wish, JSON.stringify({ wish: id }));
		} catch {
			this.#end({ state: "failed", file: null, code: "support.failed" });
		}
	}

	async #look(outcome: string, sticks: string): Promise<void> {
		if (this.#wish) await this.#hear(outcome, this.#wish);
		else await this.#lookForStick(sticks);
		if (!this.#closed) this.#cancel = this.#options.clock.after(LOOK_MS, () => void this.#look(outcome, sticks));
	}

	async #hear(outcome: string, wish: { id: string; until: number }): Promise<void> {
		const said = await readFile(outcome, "utf8").then(
			(text) => supportOutcome.safeParse(json(text)),
			() => null,
		);
		if (this.#wish !== wish) return;
		if (said?.success && said.data.wish === wish.id) {
			const { state, file, code } = said.data;
			if (state === "done" || state === "failed") return this.#end({ state, file, code });
			this.#show({ state, file, code });
		}
		if (this.#options.clock.now() >= wish.until) this.#end({ state: "failed", file: null, code: "support.failed" });
	}

	/** That it was saved is said until the stick is pulled out; why it was not, until the next one comes. */
	async #lookForStick(sticks: string): Promise<void> {
		const names = await readdir(sticks).catch(() => []);
		const mounted = await Promise.all(names.slice(0, 16).map((name) => isMountPoint(join(sticks, name))));
		if (this.#wish) return;
		const there = mounted.includes(true);
		if (there && !this.#there) this.#show({ state: "offered", file: null, code: null });
		if (!there && this.#shown?.state !== "failed") this.#show(null);
		this.#there = there;
	}

	#end(shown: Shown): void {
		this.#wish = null;
		this.#show(shown);
	}

	#show(shown: SupportShown): void {
		this.#shown = shown;
		this.#tell();
	}

	#tell(): void {
		const told = JSON.stringify(this.#shown);
		if (told !== this.#told && this.#options.link.send({ t: "support", support: this.#shown })) this.#told = told;
	}
}

function json(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return null;
	}
}
