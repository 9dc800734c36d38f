import { type LuksHeader, SLOTS, type Slot } from "../../../../provisioning/recovery/luksHeader.ts";

/** What there is: the header of the data partition, and the files on the start partition by their slot, with their SHA-256. */
export interface Found {
	header: LuksHeader;
	files: ReadonlyMap<Slot, string>;
}

export type Step =
	/** Write the file, then add the slot, then its note. */
	| { do: "makeKey"; slot: Slot }
	| { do: "removeSlot"; slot: Slot }
	| { do: "removeFile"; slot: Slot }
	| { do: "removeNote"; token: number };

/**
 * What is next on the way to one slot for this certificate with its file; null at the end of it. Asked anew after each step, and after each power cut: what was half done is
 * seen by what is there. Never is a slot left whose key is in no file, and one that works goes only when its successor does.
 *
 * @returns "full" if somebody else has both slots
 */
export function nextStep({ header, files }: Found, certificate: string): Step | "full" | null {
	const { slots, taken, stray } = header;
	const [token] = stray;
	if (token !== undefined) return { do: "removeNote", token };
	const there = SLOTS.filter((slot) => slots.has(slot));
	const works = (slot: Slot): boolean => files.has(slot) && files.get(slot) === slots.get(slot)?.envelope;
	// cut off before its note, or its file is gone or another: a key that nobody has
	const useless = there.find((slot) => !works(slot));
	if (useless !== undefined) return { do: "removeSlot", slot: useless };
	const right = there.find((slot) => slots.get(slot)?.certificate === certificate);
	if (right === undefined) {
		const free = SLOTS.find((slot) => !slots.has(slot) && !taken.has(slot));
		if (free !== undefined) return { do: "makeKey", slot: free };
		const [old] = there;
		return old === undefined ? "full" : { do: "removeSlot", slot: old };
	}
	const other = there.find((slot) => slot !== right);
	if (other !== undefined) return { do: "removeSlot", slot: other };
	const left = SLOTS.find((slot) => files.has(slot) && slot !== right);
	return left === undefined ? null : { do: "removeFile", slot: left };
}
