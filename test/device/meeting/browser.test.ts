import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { build, type Rolldown } from "vite";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launchChromium } from "../../sim/chromium.ts";
import { TestFleet } from "../../sim/meeting/TestFleet.ts";
import type { BrowserReport } from "./pages/handshake.ts";

const corpus = (name: string): string => readFileSync(join(import.meta.dirname, "corpus", name), "utf8");

let server: Server;
let browser: Awaited<ReturnType<typeof launchChromium>>;
beforeAll(async () => {
	server = await serve(join(import.meta.dirname, "pages/handshake.ts"));
	browser = await launchChromium();
});
afterAll(async () => {
	await browser?.close();
	server?.closeAllConnections();
	server?.close();
});

/** Bundles a module with the parts that it loads later, and serves it in an empty page. */
async function serve(entry: string): Promise<Server> {
	const [bundle] = (await build({
		configFile: false,
		logLevel: "error",
		build: { write: false, lib: { entry, formats: ["es"], fileName: "module" } },
	})) as Rolldown.RolldownOutput[];
	const files = new Map(bundle?.output.map((file) => [`/${file.fileName}`, "code" in file ? file.code : file.source]));
	const http = createServer((request, response) => {
		const script = files.get(request.url ?? "");
		response.setHeader("content-type", script ? "text/javascript" : "text/html; charset=utf-8");
		response.end(script ?? `<!doctype html><title>test</title><script type="module" src="/module.js"></script>`);
	});
	http.listen(0, "127.0.0.1");
	await once(http, "listening");
	return http;
}

it("runs in a browser as it runs in Node: handshake, seal, link and a room's certificate", async () => {
	const fleet = await TestFleet.found(Date.now());
	const room = await fleet.room({ name: "CN=room-7" });
	const page = await browser.newPage();
	await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
	await page.waitForFunction("typeof run === 'function'");
	const input = {
		offer: corpus("chromium-offer.sdp"),
		answer: corpus("webrtcbin-answer.sdp"),
		x5c: room.key.x5c,
		caPin: [...fleet.pin],
	};
	const report = await page.evaluate<BrowserReport, typeof input>(
		(given) => (globalThis as unknown as { run(input: unknown): Promise<never> }).run(given),
		input,
	);
	expect(report).toEqual({
		codesEqual: true,
		opened: "Grüße",
		linkSame: true,
		room: "room-7",
		untrusted: "call.certificate_untrusted",
	});
});
