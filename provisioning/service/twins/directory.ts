import type { TwinDoc } from "../../contract/twin.ts";

export type DirectoryEntry = TwinDoc["directory"][number];

/** What the contract allows. */
const ENTRIES_MOST = 300;
/** Bytes of a directory as JSON: half of a payload, which leaves room for keys to come. */
const BYTES_MOST = 16 * 1024;

const byName = new Intl.Collator("und", { numeric: true });

/** The order of directories: by name as people count (Room 2 before Room 10), equal names by id. */
export const inOrder = (rooms: readonly DirectoryEntry[]): DirectoryEntry[] =>
	[...rooms].sort((a, b) => byName.compare(a.name, b.name) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));

const bytesOf = ({ id, name }: DirectoryEntry): number => Buffer.byteLength(JSON.stringify({ id, name })) + 1;

/**
 * The rooms that the room at `index` of `ordered` can call: all others or, in a large fleet, those whose names come right before and after
 * its own. Names usually begin with building and floor, so these are the near ones; and a room that comes or goes then changes the directories
 * of some hundred others instead of all.
 */
export function directoryOf(ordered: readonly DirectoryEntry[], index: number): DirectoryEntry[] {
	let [first, last, bytes] = [index, index, 2];
	for (let side = 1; last - first < ENTRIES_MOST; side = -side) {
		const [before, after] = [first > 0, last < ordered.length - 1];
		if (!before && !after) break;
		const next = (side > 0 && after) || !before ? last + 1 : first - 1;
		bytes += bytesOf(ordered[next] as DirectoryEntry);
		if (bytes > BYTES_MOST) break;
		if (next > last) last = next;
		else first = next;
	}
	return [...ordered.slice(first, index), ...ordered.slice(index + 1, last + 1)];
}
