import { chmod, copyFile, cp, mkdir, readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { build, type Plugin } from "vite";
import { RoomError } from "../../device/core/RoomError.ts";
import { buildAgent } from "../../tools/build-agent.ts";
import { buildPage } from "../../tools/build-ui.ts";
import { command } from "../core/command.ts";
import type { Made, Workshop } from "../core/Workshop.ts";

/** Programs of the room, by the file that each becomes. Each is one file with all that it needs. */
const programs: Record<string, string> = {
	"room.js": "device/main.ts",
	"engine.js": "device/media/engine.ts",
	"doctor.js": "device/program/doctorMain.ts",
	"agenda.js": "device/calendar/agendaWorker.ts",
	"health.js": "image/root/programs/health.ts",
	"setup.js": "image/root/programs/setup.ts",
	"recovery.js": "image/root/programs/recovery.ts",
	"support.js": "image/root/programs/support.ts",
	"installer.js": "image/root/programs/installer.ts",
};

const pages = ["panel", "tv", "installer"] as const;

/** Has prebuilt native code beside it, and finds it by its own place. */
const native = ["@serialport/bindings-cpp"];

/** Read at run time, from where they lie in the repository. */
const assets = ["device/media/assets"];

/**
 * What `/usr/lib/incamera` becomes: Node, a file for each program, and native code, pages and pictures where they lie in the repository, so
 * that a path in a source is the same path on the device.
 */
export async function application(workshop: Workshop): Promise<Made> {
	const { root } = workshop;
	const files = [
		"device/**/*",
		"provisioning/{agent,cli/{image,support},contract,line,recovery,trust}/**/*",
		"ui/{panel,tv,installer,kit}/**/*",
		"ui/vite.config.ts",
		"image/root/{application.ts,programs/**/*}",
		"image/disk/layout.ts",
		"tools/build-{agent,ui}.ts",
		"package-lock.json",
	];
	return await workshop.step("application", { files }, async (folder) => {
		await command("make", ["--silent", "-C", join(root, "device/media/native")]);
		for (const page of pages) await buildPage(page);
		workshop.progress.detail("programs");
		await buildAgent(join(folder, "agent"));
		for (const [output, entry] of Object.entries(programs)) await bundle(root, entry, join(folder, output));

		await copyFile(process.execPath, join(folder, "node"));
		await command("strip", ["--strip-unneeded", join(folder, "node")]);
		await chmod(join(folder, "node"), 0o755);
		const binding = "build/native/release/incamera_gst.node";
		await mkdir(dirname(join(folder, binding)), { recursive: true });
		await command("strip", ["--strip-unneeded", "-o", join(folder, binding), join(root, binding)]);
		for (const place of [...pages.map((page) => `build/ui/${page}`), ...assets]) {
			await cp(join(root, place), join(folder, place), {
				recursive: true,
				filter: (from) => !from.endsWith(".sha256"),
			});
		}
		for (const name of await withDependencies(root, native)) {
			await cp(join(root, "node_modules", name), join(folder, "node_modules", name), {
				recursive: true,
				// of all the systems that it is built for, this one; and nothing to build it from
				filter: (from) => {
					const [first, second] = relative(join(root, "node_modules", name), from).split("/");
					if (first === "prebuilds") return second === undefined || second === "linux-x64";
					return first !== "src" && first !== "binding.gyp" && first !== "node_modules";
				},
			});
		}
	});
}

/** One program into one file. */
async function bundle(root: string, entry: string, file: string): Promise<void> {
	const name = file.slice(file.lastIndexOf("/") + 1);
	await build({
		root,
		configFile: false,
		logLevel: "warn",
		ssr: { noExternal: true, external: native, target: "node" },
		plugins: [atHome(root)],
		build: {
			ssr: join(root, entry),
			outDir: dirname(file),
			emptyOutDir: false,
			target: "node26",
			minify: true,
			rolldownOptions: { output: { entryFileNames: name, codeSplitting: false } },
		},
	});
}

/**
 * A source finds what lies beside it by `import.meta`, which in a bundle is the bundle's own place, `/usr/lib/incamera`. So each mention is
 * written from there; where a program is meant, it is the program's file.
 */
const atHome = (root: string): Plugin => ({
	name: "at-home",
	transform(code, id) {
		const path = relative(root, id.split("?")[0] ?? id);
		if (path.startsWith("..") || path.startsWith("node_modules") || !code.includes("import.meta")) return null;
		const folder = dirname(path);
		let text = code;
		for (const [output, entry] of Object.entries(programs)) {
			if (dirname(entry) !== folder) continue;
			const beside = entry.slice(folder.length + 1);
			text = text
				.replaceAll(`new URL("./${beside}", import.meta.url)`, `new URL("./${output}", import.meta.url)`)
				.replaceAll(`join(import.meta.dirname, "${beside}")`, `join(import.meta.dirname, "${output}")`);
		}
		if (text === code) {
			text = text
				.replaceAll("import.meta.url", `new URL(${JSON.stringify(path)}, import.meta.url).href`)
				.replaceAll("import.meta.dirname", `(import.meta.dirname + ${JSON.stringify(`/${folder}`)})`);
		}
		return { code: text, map: null };
	},
});

/** These packages and what they need at run time, by the lockfile. */
async function withDependencies(root: string, names: readonly string[]): Promise<Set<string>> {
	const lock = JSON.parse(await readFile(join(root, "package-lock.json"), "utf8")) as {
		packages: Record<string, { dependencies?: Record<string, string> }>;
	};
	const all = new Set<string>();
	const add = (name: string): void => {
		if (all.has(name)) return;
		const entry = lock.packages[`node_modules/${name}`];
		if (!entry) throw new RoomError("image.package_missing", `${name} is not in package-lock.json`);
		all.add(name);
		for (const dependency of Object.keys(entry.dependencies ?? {})) add(dependency);
	};
	for (const name of names) add(name);
	return all;
}
