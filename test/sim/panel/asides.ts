import type { Page } from "playwright-core";
import type { Locale } from "../../../device/contract/snapshot.ts";
import type { SceneName } from "./scenes.ts";

export interface Aside {
	/** Of pictures and tests. */
	name: string;
	scene: SceneName;
	/** The buttons that lead there, one after the other. */
	through: Record<Locale, string>[];
	/** And one that has to be held. */
	hold?: Record<Locale, string>;
}

const rooms = { de: "Raum anrufen", en: "Call a room" };
const link = { de: "Link eingeben", en: "Enter link" };
const compare = { de: "Code vergleichen", en: "Compare code" };
const camera = { de: "Kamera drehen", en: "Turn camera" };
const display = { de: "Display", en: "Display" };
const store = { de: "Ansicht merken", en: "Keep this view" };
const board = { de: "Tafel", en: "Tafel" };
const more = { de: "Mehr", en: "More" };
const openReset = { de: "Zum Öffnen halten", en: "Hold to open" };
const service = { de: "Ansehen", en: "Look" };

/** Everything that can be opened beside the device's screens. */
export const asides: Aside[] = [
	{ name: "resting-rooms", scene: "resting", through: [rooms] },
	{ name: "resting-link", scene: "resting", through: [link] },
	{ name: "call-encrypted-compare", scene: "call-encrypted", through: [compare] },
	{ name: "call-camera", scene: "call-equipped", through: [camera] },
	{ name: "call-camera-choosing", scene: "call-equipped", through: [camera, store] },
	{ name: "call-camera-replacing", scene: "call-equipped", through: [camera, store, board] },
	{ name: "call-camera-far-control", scene: "call-far-control", through: [camera] },
	{ name: "call-camera-held", scene: "call-held", through: [camera] },
	{ name: "call-camera-off", scene: "call-camera-off", through: [camera] },
	{ name: "call-camera-unsteerable", scene: "call-unsteerable", through: [camera] },
	{ name: "call-camera-lost", scene: "call-equipment-lost", through: [camera] },
	{ name: "alone-camera", scene: "alone-equipped", through: [camera] },
	{ name: "call-display", scene: "call-equipped", through: [display] },
	{ name: "call-display-cooling", scene: "call-far-control", through: [display] },
	{ name: "call-display-unknown", scene: "call-camera-off", through: [display] },
	{ name: "call-display-lost", scene: "call-equipment-lost", through: [display] },
	{ name: "resting-more", scene: "resting-equipped", through: [more] },
	{ name: "resting-more-bare", scene: "resting", through: [more] },
	{ name: "resting-service", scene: "resting-equipped", through: [more, service] },
	{ name: "resting-service-lost", scene: "resting-held", through: [more, service] },
	{ name: "resting-service-bare", scene: "resting", through: [more, service] },
	{ name: "resting-stick-service", scene: "resting-stick", through: [more, service] },
	{ name: "resting-stick-refused-service", scene: "resting-stick-refused", through: [more, service] },
	{ name: "resting-stick-waiting-service", scene: "resting-stick-waiting", through: [more, service] },
	{ name: "resting-reset-service", scene: "resting-reset", through: [more, service] },
	{ name: "resting-reset-failed-service", scene: "resting-reset-failed", through: [more, service] },
	{ name: "resting-reset-waiting-service", scene: "resting-reset-waiting", through: [more, service] },
	{ name: "resting-reset-question", scene: "resting-reset", through: [more, service], hold: openReset },
	{ name: "resting-support-service", scene: "resting-support", through: [more, service] },
	{ name: "resting-support-writing-service", scene: "resting-support-writing", through: [more, service] },
	{ name: "resting-support-done-service", scene: "resting-support-done", through: [more, service] },
	{ name: "resting-support-full-service", scene: "resting-support-full", through: [more, service] },
	{ name: "trouble-more", scene: "trouble", through: [more] },
	{ name: "trouble-service", scene: "trouble", through: [more, service] },
];

/** Opens it on a page that shows its scene with nothing opened. */
export async function openAside(page: Page, aside: Aside, locale: Locale): Promise<void> {
	for (const button of aside.through)
		await page.getByRole("button", { name: button[locale], exact: true }).last().click();
	if (aside.hold === undefined) return;
	const held = page.getByRole("button", { name: aside.hold[locale], exact: true });
	await held.focus();
	await page.keyboard.down("Enter");
	await held.waitFor({ state: "detached" });
	await page.keyboard.up("Enter");
}
