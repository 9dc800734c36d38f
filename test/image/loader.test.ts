import { describe, expect, it } from "vitest";
import { manifest } from "../../image/bundle/manifest.ts";
import { layout, MIB, partitionScript, stickLayout } from "../../image/disk/layout.ts";
import { loaderConfig, stickLoaderConfig, TRIES, UNREADABLE } from "../../image/disk/loaderConfig.ts";

const config = loaderConfig();
const linesOf = (text: string) => text.split("\n").map((line) => line.trim());
const lines = linesOf(config);

describe("the loader", () => {
	it("counts to three, and has no fourth", () => {
		const chain = lines.filter((line) => line.includes("set next="));
		expect(chain.slice(1)).toEqual(
			Array.from({ length: TRIES }, (_, tries) => `if [ "$try" = ${tries} ]; then set next=${tries + 1}; fi`),
		);
		expect(chain[0]).toBe('set next=""');
	});

	it("takes nothing from its memory but the five variables that it knows", () => {
		const loads = lines.filter((line) => line.startsWith("load_env"));
		expect(loads).toHaveLength(3);
		for (const load of loads) {
			expect(load).toMatch(/^load_env --skip-sig --file "\$(?:memory|copy)" ORDER A_OK A_TRY B_OK B_TRY$/);
		}
		const saves = lines.filter((line) => line.startsWith("save_env"));
		expect(saves).toEqual([
			'save_env --file "$memory" ORDER A_OK A_TRY B_OK B_TRY',
			'save_env --file "$copy" ORDER A_OK A_TRY B_OK B_TRY',
		]);
	});

	it.each([config, stickLoaderConfig()])("closes what it opens", (text) => {
		const words = linesOf(text).map((line) => line.replaceAll(/"[^"]*"/g, '""'));
		const count = (pattern: RegExp) => words.reduce((sum, line) => sum + (line.match(pattern)?.length ?? 0), 0);
		expect(count(/(?:^|; |then )if\b/g)).toBe(count(/(?:^|; )fi\b/g));
		expect(count(/(?:^|; )for\b/g)).toBe(count(/(?:^|; )done\b/g));
	});

	it("starts each slot from the partition that the disk has it on", () => {
		const order = Object.keys(layout());
		expect(config).toContain(`if [ "$slot" = A ]; then set part=gpt${order.indexOf("boot-a") + 1}; fi`);
		expect(config).toContain(`if [ "$slot" = B ]; then set part=gpt${order.indexOf("boot-b") + 1}; fi`);
		expect(config).toContain(`gpt${order.indexOf("esp") + 1})/grub/grubenv`);
	});

	it("tells the slot that follows of one that it could not read", () => {
		const failed = lines.findIndex((line) => line.includes("can't be started\""));
		expect(lines[failed + 1]).toBe(`set more="$more ${UNREADABLE}=$slot"`);
		expect(lines.find((line) => line.includes("chainloader"))).toMatch(/ \$more; then$/);
	});

	it("keeps the kernel locked down and stops on damage", () => {
		const start = lines.find((line) => line.includes("chainloader")) ?? "";
		for (const word of ["rauc.slot=$slot", "panic=10", "lockdown=confidentiality", "systemd.gpt_auto=0"]) {
			expect(start).toContain(word);
		}
		expect(start).not.toMatch(/systemd\.unit|init=|rd\.break|single/);
	});
});

describe("the disk", () => {
	it.each([layout(), stickLayout(500)])("has partitions that don't overlap, on whole mebibytes", (places) => {
		let end = 1;
		for (const { start, size } of Object.values(places)) {
			expect(start).toBe(end);
			end = start + size;
		}
		const ids = partitionScript(places).match(/(?:uuid=|label-id: )\S+/g) ?? [];
		expect(new Set(ids).size).toBe(Object.keys(places).length + 1);
	});

	it("has both slots alike", () => {
		const all = layout();
		expect(all["boot-a"].size).toBe(all["boot-b"].size);
		expect(all["rootfs-a"].size).toBe(all["rootfs-b"].size);
		expect(all["rootfs-a"].size * MIB).toBeGreaterThan(520e6);
		expect(new Set(Object.values(all).map(({ uuid }) => uuid)).size).toBe(Object.keys(all).length);
		expect(partitionScript()).toContain("name=rootfs-b");
	});
});

describe("the update's manifest", () => {
	it("fits the device's own configuration", async () => {
		const { readFile } = await import("node:fs/promises");
		const device = await readFile(new URL("../../image/root/overlay/etc/rauc/system.conf", import.meta.url), "utf8");
		const compatible = /^compatible=(.+)$/m.exec(device)?.[1];
		expect(manifest({ commit: { id: "unknown", date: null }, version: "1.2.3" })).toContain(
			`compatible=${compatible}\n`,
		);
		expect(device).toMatch(/^check-purpose=codesign$/m);
		expect(device).toMatch(/^bundle-formats=-plain$/m);
	});
});
