/** RAUC's manifest (its manual, "Manifest"): groups of keys, as GLib's key files are written. */
export type RaucManifest = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Null if it is none. */
export function readRaucManifest(text: string): RaucManifest | null {
	const groups = new Map<string, Map<string, string>>();
	let group: Map<string, string> | null = null;
	for (const line of text.split("\n")) {
		if (line.trim() === "" || line.startsWith("#")) continue;
		const name = /^\[([^\][]+)\]\s*$/.exec(line)?.[1];
		const [, key, value] = /^([A-Za-z0-9_.-]+)\s*=\s*(.*)$/.exec(line) ?? [];
		if (name !== undefined) {
			group = groups.get(name) ?? new Map();
			groups.set(name, group);
		} else if (key !== undefined && value !== undefined && group) group.set(key, value.trimEnd());
		else return null;
	}
	return groups;
}
