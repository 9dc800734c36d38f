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
	guest: ["ui/guest/**/*", "device/meeting/**/*", "provisioning/contract/**/*"],
	console: ["ui/console/**/*", "provisioning/contract/**/*"],
};

/** Script of a page, gzipped, in bytes; a page over it is not built. Panel and guest page: design, "What people see". */
const scriptLimit: Record<Page, number> = { panel: 45 * 1024, guest: 120 * 1024, tv: 10 * 1024, console: 120 * 1024 };

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

/** Bytes of all script in a folder, gzipped as a server would send it. */
async function scriptBytesIn(folder: string): Promise<number> {
	let bytes = 0;
	for await (const path of glob("**/*.js", { cwd: folder })) {
		bytes += gzipSync(await readFile(join(folder, path)), { level: 9 }).length;
	}
	return bytes;
}

/** Bytes of all script in a built page, gzipped. */
export function scriptBytes(page: Page): Promise<number> {
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
		if (bytes > scriptLimit[page]) {
			throw new Error(`The script of ui/${page} is ${bytes} bytes gzipped; ${scriptLimit[page]} are allowed.`);
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
export async function buildPages(onBuilt: (page: Page, scriptBytes: number) => void = () => {}): Promise<void> {
	for (const page of Object.keys(pages) as Page[]) {
		if (!existsSync(join(root, "ui", page, "index.html"))) continue;
		if (await buildPage(page)) onBuilt(page, await scriptBytes(page));
	}
}

if (import.meta.main) {
	await buildPages((page, bytes) =>
		console.log(`built ui/${page}: ${(bytes / 1024).toFixed(1)} KB of script, gzipped`),
	);
}
