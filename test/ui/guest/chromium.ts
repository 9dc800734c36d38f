import { type Browser, chromium } from "playwright-core";

/** Debian's Chromium, headless, with its fake camera (a moving picture) and microphone (a beep a second). */
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
			"--use-fake-device-for-media-stream",
			...extra,
		],
	});
}

/** Answers the browser's permission question with yes, as a person would. */
export const allowMedia = "--use-fake-ui-for-media-stream";
