import type { TvScene } from "./MediaEngine.ts";
import { markup } from "./markup.ts";

/** The colours of `ui/kit/tokens.css` that the TV uses. */
const colours = { paper: "#f5f1e8", muted: "#b3bac5", lamp: "#f3b54a", calm: "#7adcb9" };

/**
 * Properties of an element of GStreamer's pango plugin that may change while pictures pass: those that say what is written, and where. Not
 * `font-desc` and others that go to its Pango layout, which it reads without a lock while it draws (1.22): fonts are in the markup.
 */
export type TextProperties = Partial<{
	text: string;
	"time-format": string;
	silent: boolean;
	halignment: "left" | "center";
	valignment: "top" | "center" | "bottom";
	xpad: number;
	ypad: number;
	deltay: number;
}>;

/** The three lines that the TV can bear. */
export interface Captions {
	/** A `clockoverlay`: the wall clock at rest, else the name with the time beside it. */
	clock: TextProperties;
	/** The date at rest, else the status. */
	line: TextProperties;
	/** The room's name at rest. */
	name: TextProperties;
}

/** As wide as the room beside the self view. */
const longestName = 36;

/** Height of a line of Inter in its font size. */
const lineHeight = 1.21;

/** The lock before the status: its side and the place that the words leave it, pixels. */
export function lockSize(height: number): { side: number; indent: number } {
	const side = Math.round(height / 28);
	return { side, indent: Math.round(side * 1.4) };
}

/** How far what is written stays from the picture's edges, pixels. */
export function textMargin(height: number): number {
	return Math.round(height / 17);
}

/**
 * What is written on a TV of this height, where and how. At rest the clock of a wall and nothing that wants anything; else name and
 * status in the lower left corner, as small as can be read from the end of the table.
 */
export function captions(scene: TvScene, height: number, now: Date): Captions {
	return scene.layout === "resting" ? resting(scene, height, now) : overPicture(scene, height);
}

/** "Montag, 23. November" in the engine's time zone. */
function dateText(now: Date, locale: "de" | "en"): string {
	const tag = locale === "de" ? "de-DE" : "en-GB";
	return new Intl.DateTimeFormat(tag, { weekday: "long", day: "numeric", month: "long" }).format(now);
}

function resting({ name, locale }: TvScene, height: number, now: Date): Captions {
	const margin = textMargin(height);
	const clockPx = Math.round(height / 3.6);
	const up = Math.round(height / 24);
	return {
		clock: {
			text: "",
			"time-format": span("%H:%M", colours.paper, `Inter Extra-Light ${clockPx}px`, tabular),
			halignment: "center",
			valignment: "center",
			deltay: -up,
		},
		line: shown(span(markup(dateText(now, locale ?? "en")), colours.muted, `Inter ${Math.round(height / 21)}px`), {
			halignment: "center",
			valignment: "top",
			ypad: Math.round(height / 2 - up + (clockPx * lineHeight) / 2),
		}),
		name: shown(
			name && span(markup(name, longestName), colours.paper, `Inter Semi-Bold ${Math.round(height / 25)}px`),
			{
				halignment: "left",
				valignment: "top",
				xpad: margin,
				ypad: margin,
			},
		),
	};
}

function overPicture({ name, status, locked, verified }: TvScene, height: number): Captions {
	const margin = textMargin(height);
	const statusPx = Math.round(height / 30);
	const tone = locked ? (verified ? colours.calm : colours.lamp) : colours.muted;
	const namePx = Math.round(height / 19);
	// One element writes name and time. It puts a space between the two, as small as its own font: the one that is seen is here.
	const gap = name && span("  ", colours.muted, `Inter ${namePx}px`);
	const time = span("%H:%M", colours.muted, `Inter ${Math.round(namePx * 0.68)}px`, tabular);
	return {
		clock: {
			text: name && span(markup(name, longestName), colours.paper, `Inter Semi-Bold ${namePx}px`),
			"time-format": `${gap}${time}`,
			halignment: "left",
			valignment: "bottom",
			xpad: margin,
			ypad: margin + (status ? Math.round(statusPx * lineHeight * 1.2) : 0),
			deltay: 0,
		},
		line: shown(status && span(markup(status), tone, `Inter Medium ${statusPx}px`), {
			halignment: "left",
			valignment: "bottom",
			xpad: margin + (locked ? lockSize(height).indent : 0),
			ypad: margin,
		}),
		name: { text: "", silent: true },
	};
}

/** Digits of the same width: the time does not move when it changes. */
const tabular = ' font_features="tnum"';

/** Pango's markup. With the clock's format it has to stay below 256 bytes, which is all that `clockoverlay` takes. */
function span(text: string, colour: string, font: string, more = ""): string {
	return `<span foreground="${colour}" font_desc="${font}"${more}>${text}</span>`;
}

function shown(text: string, properties: TextProperties): TextProperties {
	return { ...properties, text, silent: text === "" };
}
