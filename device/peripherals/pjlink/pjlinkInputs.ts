import type { DisplayInput } from "../model/Display.ts";

/** A kind (1 RGB, 2 video, 3 digital, 4 storage, 5 network, 6 internal) and a number, as in `31` (class 2 version 2.00, §4.3). */
export type PjlinkInput = string;

/** What most makers call their inputs; a maker's manual has the list. */
const usual: readonly (readonly [DisplayInput, PjlinkInput])[] = [
	["hdmi1", "31"],
	["hdmi2", "32"],
	["hdmi3", "33"],
	["vga1", "11"],
];

/** How a projector's own name for an input is to be read, such as `HDMI 1`, `DisplayPort`, `COMPUTER`. */
const names: readonly (readonly [RegExp, readonly DisplayInput[]])[] = [
	[/^hdmi\D*(\d?)$/i, ["hdmi1", "hdmi2", "hdmi3"]],
	[/^display\s*port\D*(\d?)$/i, ["displayport1", "displayport2"]],
	[/^dvi(?:-[dai])?\D*(\d?)$/i, ["dvi1"]],
	[/^(?:vga|computer|rgb|pc)\D*(\d?)$/i, ["vga1"]],
	[/^usb[ -]?c$/i, ["usb-c"]],
];

/** Null where the name says none of ours. */
export function inputOfName(name: string): DisplayInput | null {
	for (const [pattern, inputs] of names) {
		const match = pattern.exec(name.trim());
		if (match) return inputs[Number(match[1] || 1) - 1] ?? null;
	}
	return null;
}

/**
 * Which of a projector's inputs is which: by the configuration first, then by the names it gives them (class 2), then by what is usual.
 * @param listed What it has, null where it didn't say. @param named Its names by input.
 */
export function mapInputs(
	listed: readonly PjlinkInput[] | null,
	named: ReadonlyMap<PjlinkInput, string>,
	configured: Readonly<Partial<Record<DisplayInput, PjlinkInput>>>,
): ReadonlyMap<DisplayInput, PjlinkInput> {
	const map = new Map<DisplayInput, PjlinkInput>(Object.entries(configured) as [DisplayInput, PjlinkInput][]);
	const taken = new Set(map.values());
	const add = (input: DisplayInput | null, code: PjlinkInput): void => {
		if (!input || map.has(input) || taken.has(code) || (listed && !listed.includes(code))) return;
		map.set(input, code);
		taken.add(code);
	};
	for (const [code, name] of named) add(inputOfName(name), code);
	if (map.size === 0 || named.size === 0) for (const [input, code] of usual) add(input, code);
	return map;
}
