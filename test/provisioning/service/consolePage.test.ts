import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createApp } from "../../../provisioning/service/app.ts";
import { consolePage } from "../../../provisioning/service/consolePage.ts";

let folder: string;
let app: FastifyInstance;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "incamera-console-page-"));
	await mkdir(join(folder, "assets"));
	await writeFile(join(folder, "index.html"), "<!doctype html>");
	await writeFile(join(folder, "assets", "page-abc.js"), "1");
});
afterEach(async () => {
	await app?.close();
	await rm(folder, { recursive: true, force: true });
});
const start = async (origin?: string) => {
	const routes = (server: FastifyInstance) => server.register(consolePage, { folder, ...(origin ? { origin } : {}) });
	app = await createApp({ guestFolder: folder, routes: async (server) => void (await routes(server)) });
};
const get = async (url: string, host: string) => {
	const { statusCode, headers } = await app.inject({ url, headers: { host } });
	return { status: statusCode, location: headers.location };
};

test("is today's, its assets are for ever, and everything else is forbidden to it", async () => {
	await start("https://fleet.example.org");
	const page = await app.inject({ url: "/console/", headers: { host: "fleet.example.org" } });
	expect(page.headers).toMatchObject({ "cache-control": "no-cache", "content-type": "text/html; charset=utf-8" });
	expect(page.headers["content-security-policy"]).toContain("default-src 'none'");
	const asset = await app.inject({ url: "/console/assets/page-abc.js" });
	expect(asset.headers["cache-control"]).toBe("public, max-age=31536000, immutable");
	expect(await get("/console/nothing", "fleet.example.org")).toMatchObject({ status: 404 });
});

test("opened by an address of this machine, it leads to its name: passkeys need one", async () => {
	await start("http://localhost:8080");
	for (const host of ["127.0.0.1:8080", "127.0.0.1", "[::1]:8080"]) {
		expect(await get("/console/", host)).toEqual({ status: 307, location: "http://localhost:8080/console/" });
	}
	expect(await get("/console/", "localhost:8080")).toMatchObject({ status: 200 });
	// whoever comes by another name has a proxy that knows why
	expect(await get("/console/", "10.0.0.1:8080")).toMatchObject({ status: 200 });
});

test.each([undefined, "https://fleet.example.org"])(
	"elsewhere it leads nowhere: a proxy may ask by an address (%s)",
	async (origin) => {
		await start(origin);
		expect(await get("/console/", "127.0.0.1:8080")).toMatchObject({ status: 200 });
	},
);
