import { signal } from "@preact/signals";
import type { Locale } from "../../device/contract/snapshot.ts";
import type { Installation } from "../../provisioning/contract/installation.ts";
import { pickLocale } from "../kit/i18n/languages.ts";

const LOOK_MS = 1000;

/** What the installer says, asked each second, and what a technician wants of it. */
export class InstallerModel {
	/** Null until it was heard of. */
	readonly told = signal<Installation | null>(null);
	/** The disk that was touched. */
	readonly chosen = signal<string | null>(null);
	readonly locale = signal<Locale>(pickLocale(navigator.languages));
	/** Soon nobody answers any more. */
	readonly switchingOff = signal(false);

	async follow(): Promise<never> {
		for (;;) {
			const told = await look().catch(() => null);
			if (told) this.#hear(told);
			await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
		}
	}

	#hear(next: Installation): void {
		const first = this.told.value === null;
		const able = next.disks.filter(({ refused }) => refused === null);
		if (!able.some(({ name }) => name === this.chosen.value)) this.chosen.value = null;
		// one that is drawn as it was needs no drawing
		if (JSON.stringify(next) !== JSON.stringify(this.told.value)) this.told.value = next;
		// when it has been seen: the second frame is asked for after the first was drawn
		if (first) requestAnimationFrame(() => requestAnimationFrame(() => void post("/painted")));
	}

	async install(): Promise<void> {
		if (this.chosen.value !== null) await post("/install", { disk: this.chosen.value });
	}

	async again(): Promise<void> {
		await post("/again");
	}

	async switchOff(): Promise<void> {
		this.switchingOff.value = true;
		await post("/off");
	}
}

async function look(): Promise<Installation | null> {
	const answer = await fetch("/state", { cache: "no-store" });
	return answer.ok ? ((await answer.json()) as Installation) : null;
}

const post = (path: string, body: object = {}): Promise<unknown> =>
	fetch(path, {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify(body),
	}).catch(() => null);
