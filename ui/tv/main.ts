import "../kit/kit.css";
import "./tv.css";
import { pickLocale } from "../kit/i18n/languages.ts";
import { words } from "./words.ts";

/** How often the page looks whether the room is there, since an image doesn't say that its stream has ended. */
const LOOK_MS = 1500;

const locale = pickLocale(navigator.languages);
const image = document.getElementById("tv") as HTMLImageElement;
const none = document.getElementById("none") as HTMLElement;
document.documentElement.lang = locale;
image.alt = words[locale].tv;

let there = false;
let asked = 0;

function show(now: boolean): void {
	if (now && !there) image.src = `/preview/tv?${asked++}`;
	there = now;
	image.hidden = !now;
	none.textContent = now ? "" : words[locale].none;
}

async function look(): Promise<void> {
	const answer = await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(LOOK_MS) }).catch(() => null);
	show(answer?.ok ?? false);
	setTimeout(look, LOOK_MS);
}

image.addEventListener("error", () => show(false));
void look();
