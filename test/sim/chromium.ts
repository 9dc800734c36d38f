import { type Browser, chromium } from "playwright-core";

/**
 * Debian's Chromium, headless and without a word to the outside, with its fake camera (a moving picture) and microphone (a beep a
 * second). Letters have the same width on every machine.
 */
export function launchChromium(extra: string[] = []): Promise<Browser> {
	return chromium.launch({
		executablePath: "/usr/bin/chromium",
		args: [
			"--no-sandbox",
			"--disable-gpu",
			"--disable-quic",
			"--no-first-run",
			"--disable-background-networking",
			"--disable-component-update",
			"--disable-sync",
			"--font-render-hinting=none",
			"--use-fake-device-for-media-stream",
			...extra,
		],
	});
}

/** Answers the browser's permission question with yes, as a person would. */
export const allowMedia = "--use-fake-ui-for-media-stream";
