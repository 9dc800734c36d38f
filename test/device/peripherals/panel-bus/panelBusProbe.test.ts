import { expect, test } from "vitest";
import { panelBusProbe } from "../../../../device/peripherals/panel-bus/panelBusProbe.ts";
import { PanelBusBench } from "./PanelBusBench.ts";

async function probed(bench: PanelBusBench) {
	const asked = panelBusProbe.ask(bench.link, "serial", bench.clock);
	await bench.pass(3000);
	return asked;
}

test("a device says what it is, greeted or not; one of another version is found, with what is to be done", async () => {
	const alone = new PanelBusBench();
	alone.device.start();
	expect(await probed(alone)).toEqual([{ model: "InCamera Reference", settings: {} }]);
	const newer = new PanelBusBench({ lowest: 2, highest: 3 });
	newer.device.start();
	expect(await probed(newer)).toMatchObject([{ note: "speaks version 2 to 3, not 1" }]);
});

test("where nobody is, nobody is found; a line that breaks says so", async () => {
	expect(await probed(new PanelBusBench())).toEqual([]);
	const bench = new PanelBusBench();
	const asked = panelBusProbe.ask(bench.link, "serial", bench.clock).catch((error: { code: string }) => error.code);
	bench.link.down("link.lost");
	expect(await asked).toBe("link.lost");
});
