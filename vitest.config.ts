import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		include: ["test/**/*.test.{ts,tsx}"],
		testTimeout: 60_000,
		hookTimeout: 60_000,
		// Conditions are waited for, on a machine that may be busy; the default of one second would be a timing assertion.
		expect: { poll: { timeout: 30_000, interval: 25 } },
	},
});
