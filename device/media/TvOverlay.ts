import { fileURLToPath } from "node:url";
import { type Captions, captions, lockSize, textMargin } from "./captions.ts";
import { quote } from "./devices.ts";
import type { Bin } from "./gst/index.ts";
import type { TvScene } from "./MediaEngine.ts";
import { type Placements, placements } from "./placements.ts";

/** How often the date is looked at. */
const dateMs = 10_000;
/** Longer than any picture takes to be drawn. */
const drawnMs = 250;

/** The self view's size and place in `frame.png`, as shares of it (see `tools/pictures/frame.svg`). */
const inFrame = { x: 28 / 312, y: 28 / 200, width: 256 / 312, height: 144 / 200 };

function asset(name: string): string {
	return quote(fileURLToPath(new URL(`./assets/${name}.png`, import.meta.url)));
}

/** Launch description of what is drawn over the mixed picture; each of them passes it on untouched while it shows nothing. */
export function overlayDescription(width: number, height: number): string {
	// the font of what has none of its own in the markup: the space that the clock puts between two texts
	const text =
		'auto-resize=false draw-shadow=false draw-outline=false silent=true line-alignment=left font-desc="Inter 1px"';
	const { side } = lockSize(height);
	const margin = textMargin(height);
	const lock = `overlay-width=${side} overlay-height=${side} offset-x=${margin} offset-y=${height - margin - Math.round(side * 1.05)} alpha=0`;
	const { xpos, ypos, ...small } = placements(
		{ layout: "call", name: "", status: "", locked: false, selfView: true },
		{ width, height },
	).self ?? { xpos: 0, ypos: 0, width: 0, height: 0 };
	const frame = { width: small.width / inFrame.width, height: small.height / inFrame.height };
	const scrim = Math.round(height / 3);
	return [
		`gdkpixbufoverlay name=tv-scrim location=${asset("scrim")} overlay-width=${width} overlay-height=${scrim} ` +
			`offset-x=0 offset-y=${height - scrim} alpha=0`,
		`gdkpixbufoverlay name=tv-frame location=${asset("frame")} ` +
			`overlay-width=${Math.round(frame.width)} overlay-height=${Math.round(frame.height)} ` +
			`offset-x=${Math.round(xpos - inFrame.x * frame.width)} offset-y=${Math.round(ypos - inFrame.y * frame.height)} alpha=0`,
		`gdkpixbufoverlay name=tv-lock-calm location=${asset("lock-calm")} ${lock}`,
		`gdkpixbufoverlay name=tv-lock-care location=${asset("lock-care")} ${lock}`,
		`clockoverlay name=tv-clock ${text.replace("silent=true ", "")}`,
		`textoverlay name=tv-line ${text}`,
		`textoverlay name=tv-name ${text}`,
	].join(" ! ");
}

/** What is drawn over the mixed picture: scrim, the self view's edge, lock, clock and words. */
export class TvOverlay {
	readonly #screen: Bin;
	readonly #height: number;
	#scene: TvScene;
	#written = "";
	readonly #timer: NodeJS.Timeout;
	#again: NodeJS.Timeout | undefined;

	/** @param screen Holds the elements of `overlayDescription`. */
	constructor(screen: Bin, height: number, scene: TvScene) {
		this.#screen = screen;
		this.#height = height;
		this.#scene = scene;
		this.#timer = setInterval(() => this.#write(), dateMs);
		this.#timer.unref();
	}

	show(scene: TvScene, { framed, scrim }: Placements): void {
		this.#scene = scene;
		const locked = scene.locked && scene.layout === "call" && scene.status !== "";
		this.#set("tv-scrim", { alpha: scrim ? 1 : 0 });
		this.#set("tv-frame", { alpha: framed ? 1 : 0 });
		this.#set("tv-lock-calm", { alpha: locked && scene.verified ? 1 : 0 });
		this.#set("tv-lock-care", { alpha: locked && !scene.verified ? 1 : 0 });
		this.#write();
	}

	dispose(): void {
		clearInterval(this.#timer);
		clearTimeout(this.#again);
	}

	#write(): void {
		const written: Captions = captions(this.#scene, this.#height, new Date());
		const text = JSON.stringify(written);
		if (text === this.#written) return;
		this.#written = text;
		this.#put(written);
		// An element that was drawing just then takes what it drew for what it was told, and would go on with that: it is told twice.
		clearTimeout(this.#again);
		this.#again = setTimeout(() => this.#put(written), drawnMs);
		this.#again.unref();
	}

	#put({ clock, line, name }: Captions): void {
		this.#set("tv-clock", clock);
		this.#set("tv-line", line);
		this.#set("tv-name", name);
	}

	#set(name: string, properties: Record<string, string | number | boolean>): void {
		const element = this.#screen.getElementByName(name);
		element?.setAll(properties);
		element?.dispose();
	}
}
