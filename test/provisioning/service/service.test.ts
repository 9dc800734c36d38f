import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createApp } from "../../../provisioning/service/app.ts";
import { openCa } from "../../../provisioning/service/ca/FleetCa.ts";
import { type Service, type ServiceOptions, startService } from "../../../provisioning/service/startService.ts";
import { launchChromium } from "../../sim/chromium.ts";
import { newMeetingId, RelayClient } from "./rendezvous/RelayClient.ts";

let folder: string;
let service: Service | null;
const script = `
	const socket = new WebSocket(location.origin.replace("http", "ws") + "/rendezvous");
	socket.onopen = () => { document.title = "open"; };
	socket.onerror = () => { document.title = "blocked"; };
`;

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "incamera-service-test-"));
	await mkdir(join(folder, "guest", "assets"), { recursive: true });
	await writeFile(
		join(folder, "guest", "index.html"),
		'<!doctype html><link rel="icon" href="data:,"><script type="module" src="/assets/page-abc.js"></script>',
	);
	await writeFile(join(folder, "guest", "assets", "page-abc.js"), script);
	await writeFile(join(folder, "secret.txt"), "secret");
	service = null;
});
afterEach(async () => {
	await service?.close();
	await rm(folder, { recursive: true, force: true });
});
async function start(options: Partial<ServiceOptions> = {}): Promise<string> {
	service = await startService({ port: 0, guestFolder: join(folder, "guest"), ...options });
	return service.url;
}

test("says that it is well", async () => {
	const response = await fetch(`${await start()}/healthz`);
	expect(response.status).toBe(200);
	expect(await response.json()).toEqual({ status: "ok" });
});

test("serves the guest page for a meeting, with everything else forbidden to it", async () => {
	const url = await start();
	const response = await fetch(`${url}/j/${newMeetingId()}`);
	expect(response.status).toBe(200);
	expect(await response.text()).toContain("page-abc.js");
	const host = new URL(url).host;
	expect(response.headers.get("content-security-policy")).toBe(
		"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; " +
			`font-src 'self'; connect-src 'self' ws://${host} wss://${host}; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`,
	);
	expect(Object.fromEntries(response.headers)).toMatchObject({
		"content-type": "text/html; charset=utf-8",
		"cache-control": "no-cache",
		"referrer-policy": "no-referrer",
		"permissions-policy": "camera=(self), microphone=(self)",
		"x-content-type-options": "nosniff",
		"cross-origin-opener-policy": "same-origin",
		"cross-origin-resource-policy": "same-origin",
	});
	expect(response.headers.has("set-cookie")).toBe(false);
});

test("assets never change, so they are kept for ever", async () => {
	const response = await fetch(`${await start()}/assets/page-abc.js`);
	expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
	expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
});

test.each([
	"/j/short",
	"/j/",
	"/nothing",
	"/assets/",
	"/assets/..%2f..%2fsecret.txt",
	"/assets/../../secret.txt",
	"/index.html",
])("has nothing at %s, and says so with the same policy", async (path) => {
	const response = await fetch(`${await start()}${path}`);
	expect(response.status).toBeGreaterThanOrEqual(400);
	expect(response.status).toBeLessThan(500);
	expect(await response.text()).not.toContain("secret");
	expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
});

test("a Host header can't write into the policy", async () => {
	const app = await createApp({ guestFolder: join(folder, "guest") });
	const response = await app.inject({ url: "/", headers: { host: "evil.example; script-src *" } });
	expect(response.headers["content-security-policy"]).toContain("connect-src 'self';");
	await app.close();
});

test("the guest page may open its socket in a browser under this policy", async () => {
	const url = await start();
	const browser = await launchChromium();
	try {
		const page = await browser.newPage();
		await page.goto(`${url}/j/${newMeetingId()}`);
		await page.waitForFunction(() => document.title !== "");
		expect(await page.title()).toBe("open");
	} finally {
		await browser.close();
	}
});

test("the rendezvous is there for rooms and for its own page, not for other pages", async () => {
	const url = await start();
	const room = await RelayClient.connect(url);
	expect((await room.join(newMeetingId())).ice).toEqual([]);
	room.socket.close();
	const own = await RelayClient.connect(url, { origin: url });
	own.socket.close();
	await expect(RelayClient.connect(url, { origin: "https://evil.example" })).rejects.toThrow("403");
	await expect(RelayClient.connect(url, { origin: "null" })).rejects.toThrow("403");
	await Promise.all([room.closed, own.closed]);
});

test("an address has a limited number of sockets, and gets them back", async () => {
	const app = await createApp({
		guestFolder: join(folder, "guest"),
		rendezvous: { socketsPerAddress: 2, behindProxy: true },
	});
	const url = await app.listen({ host: "127.0.0.1", port: 0 });
	const from = (address: string) => RelayClient.connect(url, { headers: { "x-forwarded-for": `9.9.9.9, ${address}` } });
	const [first, second] = [await from("2001:db8::1"), await from("2001:db8:0:0:ffff::2")];
	await expect(from("2001:db8::3")).rejects.toThrow("429");
	const other = await from("2001:db8:0:1::3");
	const mapped = [await from("::ffff:192.0.2.1"), await from("192.0.2.1")];
	await expect(from("192.0.2.1")).rejects.toThrow("429");
	first.socket.close();
	await first.closed;
	const again = await from("2001:db8::3");
	for (const each of [second, other, again, ...mapped]) each.socket.terminate();
	await app.close();
});

test("hands out TURN credentials with the meeting", async () => {
	const url = await start({ turn: { urls: ["turn:127.0.0.1:3478?transport=udp"], secret: "s3cret" } });
	const room = await RelayClient.connect(url);
	const { ice } = await room.join(newMeetingId());
	expect(ice[0]?.urls).toEqual(["turn:127.0.0.1:3478?transport=udp"]);
	expect(ice[0]?.username).toMatch(/^\d{10}:[0-9a-f]{18}$/);
	expect(JSON.stringify(ice)).not.toContain("s3cret");
});

test("serves TLS when it is given a certificate", async () => {
	const ca = await openCa(join(folder, "ca"));
	const server = await ca.issueServer(["127.0.0.1"]);
	const url = await start({ tls: server });
	expect(url).toMatch(/^https:/);
	const room = await RelayClient.connect(url, { ca: ca.certificate });
	await room.join(newMeetingId());
});

test("names what stands in the way", async () => {
	await expect(start({ guestFolder: join(folder, "none") })).rejects.toMatchObject({
		code: "service.guest_page_missing",
	});
	const other = createServer().listen(0, "127.0.0.1");
	await once(other, "listening");
	const port = (other.address() as { port: number }).port;
	await expect(start({ port })).rejects.toMatchObject({ code: "service.port_taken", context: { port } });
	other.close();
});

test("closes with sockets open, and cuts them", async () => {
	const room = await RelayClient.connect(await start());
	await service?.close();
	expect(await room.closed).toBe(1006);
	service = null;
});
