/**
 * Builds the agent into one file, `build/agent/incamera-agent.js`: what the appliance runs. As sources it works the same, but holds a third more
 * memory (all of zod's languages, all of mqtt.js's transports, the type stripper).
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "vite";

const root = fileURLToPath(new URL("..", import.meta.url));

/** A single character beyond Latin-1 lets V8 keep the whole text in two bytes a character. */
const ascii: Plugin = {
	name: "ascii",
	generateBundle(_options, bundle) {
		for (const part of Object.values(bundle)) {
			if (part.type !== "chunk") continue;
			part.code = part.code.replaceAll(/\P{ASCII}/gu, (character) =>
				[...Array(character.length).keys()]
					.map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`)
					.join(""),
			);
		}
	},
};

/** Builds into `folder`; returns the file's path. */
export async function buildAgent(folder = join(root, "build/agent")): Promise<string> {
	await rm(folder, { recursive: true, force: true });
	await build({
		root,
		configFile: false,
		logLevel: "warn",
		ssr: { noExternal: true, target: "node" },
		// what npm's readable-stream is a copy of
		resolve: { alias: { "readable-stream": "node:stream" } },
		plugins: [ascii],
		build: {
			ssr: join(root, "provisioning/agent/main.ts"),
			outDir: folder,
			emptyOutDir: true,
			target: "node26",
			minify: true,
			rolldownOptions: { output: { entryFileNames: "incamera-agent.js", codeSplitting: false } },
		},
	});
	return join(folder, "incamera-agent.js");
}

if (import.meta.main) console.log(await buildAgent());
