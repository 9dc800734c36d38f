import { fileURLToPath } from "node:url";
import type { ConfigEnv, InlineConfig } from "vite";
import { codePictures } from "./kit/build/codePictures.ts";
import { lucideIcons } from "./kit/build/lucideIcons.ts";

/** The pages, with the path each is served under. The fleet's guest page lives under `/j/<meeting>`, its files under `/assets/`. */
export const pages = {
	panel: { base: "/" },
	tv: { base: "/tv/" },
	installer: { base: "/" },
	guest: { base: "/" },
	console: { base: "/console/" },
} as const;
export type Page = keyof typeof pages;

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** How one page is built: `ui/<page>/index.html` → `build/ui/<page>/`. */
export function pageConfig(page: Page): InlineConfig {
	return {
		configFile: false,
		root: here(page),
		base: pages[page].base,
		logLevel: "warn",
		// A page is the same whoever builds it: the runner of the tests has an environment of its own.
		define: { "process.env.NODE_ENV": '"production"' },
		oxc: { jsx: { runtime: "automatic", importSource: "preact", development: false } },
		plugins: [lucideIcons(), ...(page === "panel" || page === "guest" ? [codePictures()] : [])],
		build: {
			outDir: here(`../build/ui/${page}`),
			emptyOutDir: true,
			target: ["chrome120", "firefox121", "safari17"],
			// Fonts and pictures stay files: nothing is inlined as a data: URL, which the pages' CSP refuses.
			assetsInlineLimit: 0,
			modulePreload: { polyfill: false },
			reportCompressedSize: false,
		},
	};
}

/** `vite build --config ui/vite.config.ts --mode panel` builds that page; `npm run build:ui` builds what changed. */
export default ({ mode }: ConfigEnv): InlineConfig => pageConfig(mode in pages ? (mode as Page) : "panel");
