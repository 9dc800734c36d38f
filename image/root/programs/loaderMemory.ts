/** What the loader remembers of its tries (image/disk/loaderConfig.ts): GRUB's environment block, 1024 bytes ("The GRUB environment block" in its manual). */
const BYTES = 1024;
const HEAD = "# GRUB Environment Block\n";

/** Whether GRUB and RAUC can read it, and write it: neither mends one that is spoilt. */
function isWhole(block: Buffer | null): block is Buffer {
	return (
		block?.length === BYTES && /^# GRUB Environment Block\n(?:.*\n)*?ORDER=(?:A B|B A)\n/.test(block.toString("latin1"))
	);
}

/** As after an installation that nobody has proved: the slot that runs comes first, with this start as its first try. */
function blank(running: "A" | "B"): Buffer {
	const other = running === "A" ? "B" : "A";
	const text = `${HEAD}ORDER=${running} ${other}\n${running}_OK=1\n${running}_TRY=1\n${other}_OK=1\n${other}_TRY=0\n`;
	return Buffer.alloc(BYTES, "#").fill(text, 0, text.length);
}

export interface LoaderMemory {
	memory: Buffer | null;
	copy: Buffer | null;
}

/** What has to be written in place of which of the two; null: it is as it should be. A power cut spoils one at most, a worn disk both. */
export function mended({ memory, copy }: LoaderMemory, running: "A" | "B"): LoaderMemory {
	if (isWhole(memory)) return { memory: null, copy: isWhole(copy) ? null : memory };
	if (isWhole(copy)) return { memory: copy, copy: null };
	return { memory: blank(running), copy: blank(running) };
}
