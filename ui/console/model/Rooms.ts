import { batch, computed, signal } from "@preact/signals";
import type { FleetClient } from "../../../provisioning/contract/http/FleetClient.ts";
import type { DeviceSummary, LiveChange } from "../../../provisioning/contract/http/shapes.ts";

/** What a room is now, in the order of how much it needs somebody. */
export const conditions = ["trouble", "offline", "updating", "in_call", "busy", "free", "gone"] as const;
export type Condition = (typeof conditions)[number];

export function conditionOf({ state, online, status }: DeviceSummary): Condition {
	if (state === "revoked" || state === "retired") return "gone";
	if (!online) return "offline";
	const activity = status?.activity ?? "starting";
	if (activity === "trouble" || activity === "updating" || activity === "in_call" || activity === "busy")
		return activity;
	return activity === "starting" ? "updating" : "free";
}

const PAGE = 500;
/** While a wave goes over a whole fleet all is loaded again and again, and this is the pause between. */
const REST_MS = 1000;
/** Letters without their marks and case: `munchen` finds München. */
const plain = (text: string): string =>
	text.normalize("NFD").replaceAll(/\p{M}/gu, "").replaceAll("ß", "ss").toLowerCase();

/**
 * All rooms of the fleet, kept here: some thousand summaries are a megabyte, and then a filter is a look through a list and no
 * request. The first page is shown as soon as it is there.
 */
export class Rooms {
	readonly search = signal("");
	readonly only = signal<Condition | null>(null);
	/** Whether all have arrived. */
	readonly loaded = signal(false);
	readonly #client: FleetClient;
	readonly #all = signal<ReadonlyMap<string, DeviceSummary>>(new Map());
	#loading: AbortController | null = null;
	#again = false;

	/** By name; those that left the fleet only when they are asked for. */
	readonly sorted = computed(() => {
		const order = new Intl.Collator(undefined, { numeric: true });
		return [...this.#all.value.values()].sort((a, b) => order.compare(a.name, b.name) || (a.id < b.id ? -1 : 1));
	});
	readonly #searchable = computed(() =>
		this.sorted.value.map((room) => ({ room, text: plain(`${room.name} ${room.id}`) })),
	);
	readonly found = computed(() => {
		const wanted = plain(this.search.value.trim());
		const only = this.only.value;
		return this.#searchable.value
			.filter(({ room, text }) => {
				const condition = conditionOf(room);
				return (only ? condition === only : condition !== "gone") && text.includes(wanted);
			})
			.map(({ room }) => room);
	});
	/** Ids by what each room is called; of those that are called the same, with the id in it. */
	readonly called = computed(() => {
		const same = new Map<string, number>();
		for (const { name } of this.sorted.value) same.set(name, (same.get(name) ?? 0) + 1);
		return new Map(
			this.sorted.value.map(({ id, name }) => [same.get(name) === 1 ? name : `${name} · ${id}`, id] as const),
		);
	});
	readonly counts = computed(() => {
		const counts = Object.fromEntries(conditions.map((condition) => [condition, 0])) as Record<Condition, number>;
		for (const room of this.#all.value.values()) counts[conditionOf(room)]++;
		return counts;
	});

	constructor(client: FleetClient) {
		this.#client = client;
	}

	get(id: string): DeviceSummary | undefined {
		return this.#all.value.get(id);
	}

	/** Loads all rooms; asked for while it does, it does so once more afterwards. Never fails: what was known stays. */
	load(): void {
		if (this.#loading) {
			this.#again = true;
			return;
		}
		const loading = new AbortController();
		this.#loading = loading;
		this.#again = false;
		void this.#loadAll(loading.signal)
			// The stream says that the service is away; when it is back it says that anything may have changed.
			.catch(() => {})
			.then(() => new Promise((resolve) => setTimeout(resolve, REST_MS)))
			.then(() => {
				if (this.#loading !== loading) return;
				this.#loading = null;
				if (this.#again) this.load();
			});
	}

	async #loadAll(signal: AbortSignal): Promise<void> {
		const fresh = new Map<string, DeviceSummary>();
		let after: string | null = null;
		do {
			const query = { limit: String(PAGE), ...(after ? { after } : {}) };
			const page: { items: DeviceSummary[]; next: string | null } = await this.#client.call(
				"devices.list",
				{ query },
				signal,
			);
			for (const room of page.items) fresh.set(room.id, room);
			after = page.next;
			// what was known stays until all is known anew
			if (!this.loaded.value) this.#all.value = new Map(fresh);
		} while (after);
		batch(() => {
			this.#all.value = fresh;
			this.loaded.value = true;
		});
	}

	take({ devices, all }: LiveChange): void {
		if (devices.length > 0) {
			const next = new Map(this.#all.value);
			for (const room of devices) next.set(room.id, room);
			this.#all.value = next;
		}
		if (all) this.load();
	}

	clear(): void {
		this.#loading?.abort();
		this.#loading = null;
		batch(() => {
			this.#all.value = new Map();
			this.loaded.value = false;
			this.search.value = "";
			this.only.value = null;
		});
	}
}
