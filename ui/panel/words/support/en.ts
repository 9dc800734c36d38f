import type { SupportWords } from "./SupportWords.ts";

export const en: SupportWords = {
	title: "Report for support",
	contents:
		"Versions, last check, programs, memory and disk, log since the start. No names, links, titles or addresses.",
	save: "Save onto the stick",
	states: { collecting: "being collected …", writing: "being written …" },
	done: (file) => `Saved as ${file}. You can pull the stick out now.`,
	failures: {
		"support.no_stick": "There is no stick that can be read. Plug in one with FAT32.",
		"support.stick_read_only": "The stick is write-protected. Remove the protection, or take another one.",
		"support.stick_full": "The stick is full. Make room on it, or take another one.",
		"support.stick_gone": "The stick was pulled out before all was written. Plug it in again.",
		"support.failed": "Saving failed. Try another stick.",
	},
};
