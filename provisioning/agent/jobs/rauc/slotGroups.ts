import type { Slot } from "../FirmwareExecutor.ts";
import type { RaucSlot } from "./Rauc.ts";

/** A slot that can be booted, with those that go with it: what one update writes. */
export interface SlotGroup {
	/** Of the one that can be booted: `rootfs.0`. */
	name: string;
	/** Whether all of it was written to the end; false also of what the factory wrote. */
	whole: boolean;
	/** What the bootloader thinks of it; null: RAUC can't say. */
	good: boolean | null;
	/** What RAUC noted of the bundle, if it is one and the same for all. */
	version: string | null;
	/** Another one after each installation, by whomever. */
	identity: string;
}

/** The two groups, by boot name; null if there are not just these two. */
export function slotGroups(slots: readonly RaucSlot[]): Record<Slot, SlotGroup> | null {
	const bootable = slots.filter(({ bootname }) => bootname !== undefined);
	const [a, b] = (["A", "B"] as const).map((name) => bootable.find(({ bootname }) => bootname === name));
	if (!a || !b || bootable.length !== 2) return null;
	return { A: groupOf(a, slots), B: groupOf(b, slots) };
}

function groupOf({ name, "boot-status": bootStatus }: RaucSlot, slots: readonly RaucSlot[]): SlotGroup {
	const members = slots
		.filter((slot) => slot.name === name || slot.parent === name)
		.sort((one, other) => (one.name < other.name ? -1 : 1));
	const versions = new Set(members.map((slot) => slot["bundle.version"]));
	const [version] = versions;
	return {
		name,
		good: bootStatus === undefined ? null : bootStatus === "good",
		whole: members.every(({ status }) => status === "ok"),
		version: versions.size === 1 && version ? version : null,
		identity: members
			.map((slot) => [slot.name, slot.sha256, slot["installed.timestamp"], slot["installed.count"]].join(" "))
			.join(", "),
	};
}
