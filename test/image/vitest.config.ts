import { defineConfig } from "vitest/config";

/** `npm run test:image`: builds the image and starts it in an emulator, one machine at a time. As root; a quarter of an hour and more. */
export default defineConfig({
	test: {
		include: ["test/image/machine/**/*.machine.ts"],
		fileParallelism: false,
		testTimeout: 1_800_000,
		hookTimeout: 3_600_000,
	},
});
