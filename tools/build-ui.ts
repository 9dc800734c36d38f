import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { glob, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { type Page, pageConfig, pages } from "../ui/vite.config.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const buildFolder = join(root, "build/ui");

/** What a page is made of, beside its own folder. The lockfile stands for everything from npm. */
const shared = ["ui/kit/**/*", "ui/vite.config.ts", "device/contract/**/*", "device/core/**/*", "package-lock.json"];
const own: Record<Page, readonly string[]> = {
	panel: ["ui/panel/**/*"],
	tv: ["ui/tv/**/*"],
	installer: ["ui/installer/**/*", "provisioning/contract/installation.ts"],
	guest: ["ui/guest/**/*", "device/meeting/**/*", "provisioning/contract/**/*"],
	console: ["ui/console/**/*", "provisioning/contract/**/*"],
};

/** Bytes of script, gzipped as a server would send it. */
export interface ScriptBytes {
	/** What the page asks for by itself: nothing is drawn before it is there. */
	first: number;
	/** With what is only loaded once it is needed, like the panel's maker of QR codes. */
	all: number;
}

const KB = 1024;
/** A page with more is not built. Panel and guest page: design, "What people see". */
const scriptLimit: Record<Page, ScriptBytes> = {
	panel: { first: 45 * KB, all: 60 * KB },
	guest: { first: 120 * KB, all: 120 * KB },
	tv: { first: 10 * KB, all: 10 * KB },
	installer: { first: 20 * KB, all: 20 * KB },
	console: { first: 120 * KB, all: 120 * KB },
};

async function hashOfInputs(page: Page): Promise<string> {
	const paths: string[] = [];
	for (const pattern of [...shared, ...own[page]]) {
		for await (const entry of glob(pattern, { cwd: root, withFileTypes: true })) {
			if (entry.isFile()) paths.push(join(entry.parentPath, entry.name));
		}
	}
	const hash = createHash("sha256");
	for (const path of paths.sort()) {
		hash
			.update(`${path.slice(root.length)}\0`)
			.update(await readFile(path))
			.update("\0");
	}
	return hash.digest("hex");
}

async function scriptBytesIn(folder: string): Promise<ScriptBytes> {
	// Vite writes each script that the page asks for by itself into it.
	const html = await readFile(join(folder, "index.html"), "utf8");
	const bytes: ScriptBytes = { first: 0, all: 0 };
	for await (const path of glob("**/*.js", { cwd: folder })) {
		const { length } = gzipSync(await readFile(join(folder, path)), { level: 9 });
		bytes.all += length;
		if (html.includes(`/${path}"`)) bytes.first += length;
	}
	return bytes;
}

export function scriptBytes(page: Page): Promise<ScriptBytes> {
	return scriptBytesIn(join(buildFolder, page));
}

/**
 * Builds the page into `build/ui/<page>` unless its inputs are those of the last build. Returns whether it had to.
 * Vite is only loaded when something is to be done: `npm start` finds nothing changed in a few milliseconds. It is built aside and
 * moved into place, so that two builds at once don't write into each other.
 */
export async function buildPage(page: Page): Promise<boolean> {
	const place = join(buildFolder, page);
	const stamp = join(place, "inputs.sha256");
	const inputs = await hashOfInputs(page);
	if (existsSync(stamp) && (await readFile(stamp, "utf8")) === inputs) return false;
	await mkdir(buildFolder, { recursive: true });
	const aside = await mkdtemp(join(buildFolder, `.${page}-`));
	try {
		const { build } = await import("vite");
		const config = pageConfig(page);
		await build({ ...config, build: { ...config.build, outDir: join(aside, "new") } });
		const bytes = await scriptBytesIn(join(aside, "new"));
		for (const what of ["first", "all"] as const) {
			if (bytes[what] <= scriptLimit[page][what]) continue;
			throw new Error(
				`The script of ui/${page} (${what}) is ${bytes[what]} bytes; ${scriptLimit[page][what]} are allowed.`,
			);
		}
		await writeFile(join(aside, "new", "inputs.sha256"), inputs);
		if (existsSync(place)) await rename(place, join(aside, "old"));
		await rename(join(aside, "new"), place);
	} catch (error) {
		// Another build of the same inputs was in place first.
		if (!existsSync(stamp) || (await readFile(stamp, "utf8")) !== inputs) throw error;
	} finally {
		await rm(aside, { recursive: true, force: true });
	}
	return true;
}

/** Builds every page whose inputs changed, and calls back with each that did. */
export async function buildPages(onBuilt: (page: Page, bytes: ScriptBytes) => void = () => {}): Promise<void> {
	for (const page of Object.keys(pages) as Page[]) {
		if (!existsSync(join(root, "ui", page, "index.html"))) continue;
		if (await buildPage(page)) onBuilt(page, await scriptBytes(page));
	}
}

if (import.meta.main) {
	await buildPages((page, { first, all }) => {
		const later = all > first ? `, ${((all - first) / KB).toFixed(1)} more when needed` : "";
		console.log(`built ui/${page}: ${(first / KB).toFixed(1)} KB of script, gzipped${later}`);
	});
}
