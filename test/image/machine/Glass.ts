import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import type { Snapshot } from "../../../device/contract/snapshot.ts";
import { pictureFile, pictures } from "../../../ui/kit/code/pictures.ts";
import { openAside } from "../../sim/panel/asides.ts";
import { type PanelRig, startPanel } from "../../sim/panel/PanelRig.ts";
import { inLocale, scenes } from "../../sim/panel/scenes.ts";
import type { Machine } from "./Machine.ts";

const root = join(import.meta.dirname, "../../..");
/** Of the emulated screen. */
const [width, height] = [1280, 800];

/**
 * A person before an emulated device's panel. Its glass is a picture and nothing else, so where a button is, and how the pictures of a code look,
 * is asked of the same page in a browser here, that is shown the same.
 */
export class Glass {
	readonly #machine: Machine;
	readonly #browser: Browser;
	readonly #rig: PanelRig;
	readonly #page: Page;

	private constructor(machine: Machine, browser: Browser, rig: PanelRig, page: Page) {
		this.#machine = machine;
		this.#browser = browser;
		this.#rig = rig;
		this.#page = page;
	}

	static async of(machine: Machine, browser: Browser): Promise<Glass> {
		const rig = await startPanel();
		const context = await browser.newContext({ viewport: { width, height } });
		const page = await context.newPage();
		await page.goto(rig.server.url);
		return new Glass(machine, browser, rig, page);
	}

	/** Touches a button of a panel that shows this. */
	async touch(shown: Snapshot, name: string): Promise<void> {
		await this.#show(shown);
		const box = await this.#page.getByRole("button", { name, exact: true }).first().boundingBox();
		if (!box) throw new Error(`the panel has no button ${name}`);
		await this.#machine.running.qmp.tap((box.x + box.width / 2) / width, (box.y + box.height / 2) / height);
	}

	/** The seven pictures that the panel shows in this call, once "Compare code" was touched: of the 64, each one that it is most like. */
	async code(shown: Snapshot, screenshot: string): Promise<number[]> {
		await this.#show(shown);
		await openAside(this.#page, { name: "code", scene: "call-encrypted", through: [compare] }, "en");
		const places = await this.#page.$$eval(".code-pictures img", (images) =>
			images.map((image) => {
				const { x, y, width, height } = image.getBoundingClientRect();
				return { x, y, width, height };
			}),
		);
		const dataUrl = (file: string, type: string) => `data:${type};base64,${readFileSync(file).toString("base64")}`;
		const drawings = pictures.map((_, index) =>
			dataUrl(join(root, "build/ui/panel", pictureFile(index)), "image/svg+xml"),
		);
		const reader = await this.#browser.newPage();
		try {
			return await reader.evaluate(likest, { screen: dataUrl(screenshot, "image/png"), places, drawings });
		} finally {
			await reader.close();
		}
	}

	async close(): Promise<void> {
		await this.#page.context().close();
		await this.#rig.server.close();
	}

	async #show(shown: Snapshot): Promise<void> {
		const { room } = this.#rig;
		// by way of another screen, which closes what was opened on this one
		for (const snapshot of [scenes.joining, shown]) {
			room.show(inLocale(snapshot, "en"));
			await this.#page.locator(`.panel[data-rev="${room.snapshot().rev}"]`).waitFor();
		}
		await this.#page.evaluate(() => document.fonts.ready.then(() => undefined));
	}
}

const compare = { de: "Code vergleichen", en: "Compare code" };

interface Looked {
	/** Data URLs. */
	screen: string;
	drawings: string[];
	places: { x: number; y: number; width: number; height: number }[];
}

/** Runs in a page: for each place of the screen the drawing whose pixels are nearest to what is there. */
async function likest({ screen, places, drawings }: Looked): Promise<number[]> {
	const size = 48;
	const canvas = document.createElement("canvas");
	canvas.width = size;
	canvas.height = size;
	const context = canvas.getContext("2d", { willReadFrequently: true }) as CanvasRenderingContext2D;
	const load = async (source: string) => {
		const image = new Image();
		image.src = source;
		await image.decode();
		return image;
	};
	const pixels = () => context.getImageData(0, 0, size, size).data;
	const shown = await load(screen);
	const all = await Promise.all(drawings.map(load));
	return places.map(({ x, y, width, height }) => {
		context.drawImage(shown, x - 4, y - 4, 1, 1, 0, 0, size, size);
		const ground = `rgb(${[...pixels()].slice(0, 3).join(" ")})`;
		context.drawImage(shown, x, y, width, height, 0, 0, size, size);
		const there = pixels();
		const differences = all.map((drawing) => {
			context.fillStyle = ground;
			context.fillRect(0, 0, size, size);
			context.drawImage(drawing, 0, 0, size, size);
			return pixels().reduce((sum, value, at) => sum + Math.abs(value - (there[at] ?? 0)), 0);
		});
		return differences.indexOf(Math.min(...differences));
	});
}
