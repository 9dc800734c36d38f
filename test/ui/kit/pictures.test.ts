import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { pictures } from "../../../ui/kit/code/pictures.ts";

const noto = JSON.parse(
	readFileSync(createRequire(import.meta.url).resolve("@iconify-json/noto/icons.json"), "utf8"),
) as { icons: Record<string, { body: string }> };

describe("the code's pictures", () => {
	it("are 64, each drawn differently and named differently in both languages", () => {
		expect(pictures).toHaveLength(64);
		for (const key of ["noto", "de", "en"] as const) {
			expect(new Set(pictures.map((picture) => picture[key].toLowerCase())).size, key).toBe(64);
		}
		expect(new Set(pictures.map(({ noto: name }) => noto.icons[name]?.body)).size).toBe(64);
		expect(pictures.filter(({ noto: name }) => noto.icons[name] === undefined)).toEqual([]);
	});

	it("stand in the order of version 1: another order would show honest callers different pictures", () => {
		const order = createHash("sha256")
			.update(pictures.map(({ noto: name }) => name).join("\n"))
			.digest("hex");
		expect(order).toBe("d03dff578b3120888f46eae654f964f33bb97eb23b1736632991ed81cbcbd658");
	});
});
