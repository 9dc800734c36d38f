import { describe, expect, expectTypeOf, it } from "vitest";
import { type JobReason, jobReasons } from "../../../provisioning/contract/jobs.ts";
import { de } from "../../../ui/panel/words/firmware/de.ts";
import { en } from "../../../ui/panel/words/firmware/en.ts";
import type { FirmwareWords } from "../../../ui/panel/words/firmware/FirmwareWords.ts";

describe("the panel's words for an update", () => {
	it("don't compile without those for each reason that there is", () => {
		expectTypeOf<keyof FirmwareWords["reasons"]>().toEqualTypeOf<JobReason>();
		// @ts-expect-error: a reason is missing
		const words: FirmwareWords["reasons"] = withoutOne(en.reasons);
		expect(Object.keys(words)).toHaveLength(jobReasons.length - 1);
	});

	it.each(jobReasons)("%s is a sentence or two, in both languages", (reason) => {
		for (const words of [de, en]) {
			expect(words.reasons[reason]).toMatch(/^[A-ZÄÖÜ].{8,110}\.$/u);
			expect(words.reasons[reason]).not.toContain("update.");
		}
		expect(de.reasons[reason]).not.toBe(en.reasons[reason]);
	});
});

function withoutOne({ "update.failed": _, ...others }: FirmwareWords["reasons"]) {
	return others;
}
