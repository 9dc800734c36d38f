import { defineConfig } from "vitest/config";

/** Images in an emulator, one machine at a time: `npm run test:image`. */
export default defineConfig({
	test: {
		// `*.long.ts` only by name: `npm run test:image -- --all`
		include: ["test/image/machine/**/*.{machine,long}.ts"],
		fileParallelism: false,
		testTimeout: 3_600_000,
		hookTimeout: 3_600_000,
	},
});
