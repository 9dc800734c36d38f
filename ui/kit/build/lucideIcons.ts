import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Plugin } from "vite";

const PREFIX = "lucide:";

/** Turns `import lock from "lucide:lock"` into the icon's inner drawing as a string, so that only used icons are bundled. */
export function lucideIcons(): Plugin {
	const folder = join(createRequire(import.meta.url).resolve("lucide-static/package.json"), "..", "icons");
	return {
		name: "lucide-icons",
		resolveId(id) {
			return id.startsWith(PREFIX) ? `\0${id}` : null;
		},
		async load(id) {
			if (!id.startsWith(`\0${PREFIX}`)) return null;
			const svg = await readFile(join(folder, `${id.slice(PREFIX.length + 1)}.svg`), "utf8");
			const inner = /<svg[^>]*>([\s\S]*)<\/svg>/.exec(svg)?.[1];
			if (inner === undefined) throw new Error(`${id} is not an SVG`);
			return `export default ${JSON.stringify(inner.replace(/\s+/g, " ").replaceAll("> <", "><").trim())};`;
		},
	};
}
