import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ManualClock } from "../../../device/core/clock.ts";
import { jsonLog } from "../../../device/core/log.ts";
import { PanelServer } from "../../../device/panel/PanelServer.ts";
import { PanelClient } from "../../sim/panel/PanelClient.ts";
import { greyJpeg, ScriptedRoom } from "../../sim/panel/ScriptedRoom.ts";
import { scenes } from "../../sim/panel/scenes.ts";

let room: ScriptedRoom;
let server: PanelServer;
/** A clock that can be set, too: timers don't notice. */
class SettableClock extends ManualClock {
	ahead = 0;
	override now(): number {
		return super.now() + this.ahead;
	}
}

let clock: SettableClock;
let pages: string;
let logged: string[];
const clients: PanelClient[] = [];

beforeEach(async () => {
	pages = await mkdtemp(join(tmpdir(), "incamera-pages-"));
	for (const page of ["panel", "tv"]) {
		await mkdir(join(pages, page, "assets"), { recursive: true });
		await writeFile(join(pages, page, "index.html"), `<!doctype html><title>${page}</title>`);
		await writeFile(join(pages, page, "assets", "a.js"), "1;");
		await writeFile(join(pages, page, "inputs.sha256"), "0");
	}
	await writeFile(join(pages, "secret.txt"), "secret");
	room = new ScriptedRoom();
	clock = new SettableClock(1_000_000);
	logged = [];
	server = await start();
});

afterEach(async () => {
	for (const client of clients.splice(0)) client.close();
	await server.close();
	await rm(pages, { recursive: true });
});

function start(more: { pairingToken?: string; listenPort?: number; host?: string } = {}): Promise<PanelServer> {
	const log = jsonLog({ write: (line) => logged.push(line) });
	return PanelServer.listen({ port: room, log, listenPort: 0, pages, clock, ...more });
}

async function connect(headers: Record<string, string> = {}): Promise<PanelClient> {
	const client = await PanelClient.connect(server.url, headers);
	clients.push(client);
	return client;
}

const refused = (code: Parameters<PanelServer["refusals"]["get"]>[0]) => server.refusals.get(code) ?? 0;

/** A request with whatever headers, `Host` included (fetch sets that itself). */
function get(path: string, headers: Record<string, string> = {}) {
	return new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
		const asked = request(`${server.url}${path}`, { headers }, async (answer) => {
			let body = "";
			for await (const part of answer) body += part;
			resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body });
		});
		asked.on("error", reject).end();
	});
}

describe("pages and health", () => {
	it("serves the panel's page fresh and its files for a year, with a policy that loads nothing from elsewhere", async () => {
		const page = await get("/");
		expect(page.status).toBe(200);
		expect(page.body).toContain("<title>panel</title>");
		expect(page.headers["cache-control"]).toBe("public, max-age=0");
		expect(page.headers["content-security-policy"]).toContain("default-src 'none'");
		expect(page.headers["content-security-policy"]).not.toContain("unsafe");
		expect(page.headers["content-security-policy"]).toContain("frame-ancestors 'none'");
		expect(page.headers["cross-origin-resource-policy"]).toBe("same-origin");
		expect(page.headers["x-content-type-options"]).toBe("nosniff");
		expect((await get("/assets/a.js")).headers["cache-control"]).toBe("public, max-age=31536000, immutable");
	});

	it("serves the preview of the TV", async () => {
		expect((await get("/tv")).body).toContain("<title>tv</title>");
		expect((await get("/tv/assets/a.js")).status).toBe(200);
	});

	it.each(["/nothing", "/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/inputs.sha256", "/panel"])(
		"has nothing at %s",
		async (path) => {
			const answer = await get(path);
			expect(answer.status).toBeGreaterThanOrEqual(400);
			expect(answer.body).not.toContain("secret.txt");
			expect(answer.body).not.toBe("secret");
			expect(answer.headers["content-security-policy"]).toBeDefined();
		},
	);

	it("is healthy once the room is usable, and says what it waits for before", async () => {
		room.waitsFor = "engine.starting";
		const before = await get("/healthz");
		expect([before.status, JSON.parse(before.body)]).toEqual([
			503,
			{ status: "starting", reason: "engine.starting", painted: 0 },
		]);
		room.waitsFor = null;
		const after = await get("/healthz");
		expect([after.status, JSON.parse(after.body)]).toEqual([200, { status: "ok", painted: 0 }]);
	});

	it("counts the panels that have drawn, as long as they are there", async () => {
		const painted = async (): Promise<number> => JSON.parse((await get("/healthz")).body).painted;
		const panel = await PanelClient.connect(server.url);
		await panel.frame("snapshot");
		expect(await painted()).toBe(0);
		panel.socket.send('{"t":"painted"}');
		await expect.poll(painted).toBe(1);
		panel.close();
		await expect.poll(painted).toBe(0);
	});

	it("names a busy port", async () => {
		const port = Number(new URL(server.url).port);
		await expect(start({ listenPort: port })).rejects.toMatchObject({ code: "panel.port_busy", context: { port } });
	});
});

describe("who may talk to it", () => {
	it("refuses a foreign Host: a name that was made to resolve to this machine", async () => {
		const { port } = new URL(server.url);
		for (const host of [`evil.example:${port}`, "127.0.0.1:1", "127.0.0.1", `127.0.0.1.evil.example:${port}`]) {
			const answer = await get("/", { host });
			expect([host, answer.status]).toEqual([host, 421]);
		}
		expect((await get("/", { host: `localhost:${port}` })).status).toBe(200);
		await expect(connect({ host: `evil.example:${port}`, origin: `http://evil.example:${port}` })).rejects.toThrow(
			"403",
		);
		expect(refused("panel.host_refused")).toBe(5);
		expect(server.panels).toBe(0);
	});

	it("refuses a socket from another page, or from none", async () => {
		const { port } = new URL(server.url);
		for (const origin of ["http://evil.example", "null", "", `https://127.0.0.1:${port}`, `http://localhost:${port}`]) {
			await expect(connect({ origin }), origin).rejects.toThrow("403");
		}
		expect(refused("panel.origin_refused")).toBe(5);
	});

	it("shows its pictures to no foreign page", async () => {
		expect((await get("/preview/self", { "sec-fetch-site": "cross-site" })).status).toBe(403);
		expect(room.watched.self).toBe(0);
	});

	it("does not listen on a network without a token, and not with a short one", async () => {
		for (const more of [{ host: "192.0.2.1" }, { host: "0.0.0.0" }, { host: "::" }, { pairingToken: "short" }]) {
			await expect(start(more)).rejects.toMatchObject({ code: "panel.token_required" });
		}
	});

	it("lets a panel in that was paired, and nobody else", async () => {
		const token = "0123456789abcdefghijkl";
		await server.close();
		server = await start({ pairingToken: token });
		expect((await get("/")).status).toBe(403);
		expect((await get("/healthz")).status).toBe(200);
		expect((await get("/preview/tv")).status).toBe(403);
		await expect(connect()).rejects.toThrow("403");
		expect((await get(`/pair?token=${token.slice(0, -1)}`)).status).toBe(403);
		expect((await get("/pair?")).status).toBe(403);

		const paired = await get(`/pair?token=${token}`);
		expect(paired.status).toBe(303);
		const setCookie = String((paired.headers["set-cookie"] as string[])[0]);
		expect(setCookie).toMatch(/; HttpOnly; SameSite=Strict;/);
		expect(setCookie).not.toContain(token);
		const cookie = setCookie.split(";")[0] ?? "";
		expect((await get("/", { cookie: `other=1; ${cookie}` })).status).toBe(200);
		expect((await get("/", { cookie: `${cookie}x` })).status).toBe(403);
		await (await connect({ cookie })).frame("snapshot");
		expect(logged.join("")).not.toContain(token);
	});

	it("lets nobody guess tokens quickly", async () => {
		const token = "0123456789abcdefghijkl";
		await server.close();
		server = await start({ pairingToken: token });
		for (let guess = 0; guess < 10; guess += 1) await get(`/pair?token=${guess}`);
		expect((await get(`/pair?token=${token}`)).status).toBe(403);
		clock.advance(10_000);
		expect((await get(`/pair?token=${token}`)).status).toBe(303);
	});
});

describe("snapshots and touches", () => {
	it("sends the snapshot at once, and many changes of one tick as one", async () => {
		const panel = await connect();
		expect((await panel.frame("snapshot")).snapshot.screen.name).toBe("resting");
		room.show(scenes.joining);
		room.show(scenes.alone);
		room.show(scenes["call-securing"]);
		await panel.frame("snapshot", ({ snapshot }) => snapshot.screen.name === "call");
		expect(panel.frames.filter((frame) => frame.t === "snapshot")).toHaveLength(2);
	});

	it("hands a touch to the room and answers it", async () => {
		const panel = await connect();
		panel.send(7, { type: "panel.join", entry: "a" });
		await panel.frame("ack", ({ id }) => id === 7);
		room.answer = "panel.not_now";
		panel.send(8, { type: "panel.leave" });
		expect(await panel.frame("refused")).toEqual({ t: "refused", id: 8, code: "panel.not_now" });
		expect(room.intents).toEqual([{ type: "panel.join", entry: "a" }, { type: "panel.leave" }]);
	});

	it("shows two panels of one room the same", async () => {
		const [one, other] = [await connect(), await connect()];
		room.react = () => room.show(scenes.joining);
		one.send(1, { type: "panel.meet_now" });
		const joining = ({ snapshot }: { snapshot: { screen: { name: string } } }) => snapshot.screen.name === "joining";
		expect((await one.frame("snapshot", joining)).snapshot).toEqual((await other.frame("snapshot", joining)).snapshot);
		expect(server.panels).toBe(2);
	});

	it("sends levels apart from snapshots", async () => {
		const panel = await connect();
		await panel.frame("snapshot");
		room.hear({ microphone: 0.5, far: 0.25 });
		expect(await panel.frame("levels")).toEqual({ t: "levels", microphone: 0.5, far: 0.25 });
	});

	it("gives a new panel the room's time of now, not of the last change", async () => {
		(await connect()).close();
		const later = { ...room.snapshot(), now: room.snapshot().now + 3_600_000 };
		vi.spyOn(room, "snapshot").mockReturnValue(later);
		expect((await (await connect()).frame("snapshot")).snapshot.now).toBe(later.now);
	});
});

describe("what isn't a panel", () => {
	it.each([
		["no JSON", "{"],
		["another kind of frame", '{"t":"admin","id":3}'],
		["an unknown intent", '{"t":"intent","id":3,"intent":{"type":"panel.unlock"}}'],
		["a value out of range", '{"t":"intent","id":3,"intent":{"type":"panel.volume","level":400}}'],
		["a text that is too long", `{"t":"intent","id":3,"intent":{"type":"panel.join","entry":"${"x".repeat(300)}"}}`],
	])("refuses %s and counts it", async (_what, text) => {
		const panel = await connect();
		panel.socket.send(text);
		expect(await panel.frame("refused")).toEqual({ t: "refused", id: text === "{" ? -1 : 3, code: "panel.malformed" });
		expect(refused("panel.malformed")).toBe(1);
		expect(room.intents).toEqual([]);
		panel.send(4, { type: "panel.leave" });
		await panel.frame("ack");
		expect(logged.some((line) => line.includes('"code":"panel.malformed"'))).toBe(true);
	});

	it("refuses a message of 1 MB, and the other panel doesn't notice", async () => {
		const [big, other] = [await connect(), await connect()];
		const closed = big.closed();
		big.socket.on("error", () => {});
		big.socket.send("x".repeat(1_000_000));
		expect([1006, 1009]).toContain(await closed);
		expect(refused("panel.too_large")).toBe(1);
		other.send(1, { type: "panel.meet_now" });
		await other.frame("ack");
	});

	it("ends a socket that goes on sending what it doesn't understand", async () => {
		const panel = await connect();
		const closed = panel.closed();
		for (let count = 0; count < 20; count += 1) panel.socket.send(Buffer.from([1, 2, 3]), { binary: true });
		expect(await closed).toBe(1008);
	});

	it("takes no more touches than fingers make", async () => {
		const panel = await connect();
		for (let id = 1; id <= 100; id += 1) panel.send(id, { type: "panel.volume", level: id });
		await panel.frame("refused", ({ id }) => id === 100);
		expect(room.intents).toHaveLength(40);
		expect(refused("panel.too_fast")).toBe(60);
		clock.advance(1000);
		panel.send(101, { type: "panel.leave" });
		await panel.frame("ack", ({ id }) => id === 101);
	});

	const move = (hold: string) => ({ type: "panel.camera_move", hold, pan: 1, tilt: 0, zoom: 0 }) as const;

	it("takes ten thousand moves of a thumb as far as a hand can make them, its other touches beside them, and each stop", async () => {
		const panel = await connect();
		for (let id = 1; id <= 10_000; id += 1) panel.send(id, move("thumb"));
		panel.send(10_001, { type: "panel.leave" });
		for (let id = 10_002; id <= 10_100; id += 1) panel.send(id, { type: "panel.camera_stop", hold: "thumb" });
		await panel.frame("ack", ({ id }) => id === 10_100);
		const of = (type: string) => room.intents.filter((intent) => intent.type === type).length;
		expect([of("panel.camera_move"), of("panel.leave"), of("panel.camera_stop")]).toEqual([120, 1, 99]);
	});

	it("lets go of what a panel held that is gone, and of nothing else", async () => {
		const panel = await connect();
		const other = await connect();
		panel.send(1, move("a"));
		panel.send(2, move("b"));
		panel.send(3, { type: "panel.camera_stop", hold: "a" });
		other.send(1, move("c"));
		await Promise.all([panel.frame("ack", ({ id }) => id === 3), other.frame("ack")]);
		room.intents.length = 0;
		panel.close();
		await expect.poll(() => room.intents).toEqual([{ type: "panel.camera_stop", hold: "b" }]);
	});

	it("remembers no more thumbs of a panel than hands have", async () => {
		const panel = await connect();
		for (let id = 1; id <= 100; id += 1) panel.send(id, move(`thumb ${id}`));
		await panel.frame("ack", ({ id }) => id === 100);
		room.intents.length = 0;
		panel.close();
		await expect.poll(() => room.intents.length).toBe(16);
		expect(room.intents).toContainEqual({ type: "panel.camera_stop", hold: "thumb 100" });
	});

	it("survives any JSON", async () => {
		const panel = await connect();
		let last = 0;
		await fc.assert(
			fc.asyncProperty(fc.json(), async (text) => {
				if (panel.socket.readyState !== panel.socket.OPEN) return;
				panel.socket.send(text);
				last += 1;
			}),
			{ numRuns: 15 },
		);
		panel.send(1, { type: "panel.leave" });
		await panel.frame("ack");
		expect(refused("panel.malformed")).toBe(last);
	});

	it("holds no more than a fixed number of panels", async () => {
		for (let count = 0; count < 16; count += 1) await connect();
		await expect(connect()).rejects.toThrow("403");
		expect(refused("panel.too_many")).toBe(1);
	});
});

describe("slow and lost panels", () => {
	it("gives up a panel that says nothing, and keeps one that answers", async () => {
		const [silent, polite] = [await connect(), await connect()];
		silent.polite = false;
		await silent.frame("snapshot");
		const gone = silent.closed();
		for (let pings = 1; pings <= 12; pings += 1) {
			clock.advance(600);
			await vi.waitUntil(() => polite.frames.filter((frame) => frame.t === "ping").length === pings);
			// The answer has arrived when a touch sent after it is answered.
			polite.send(pings, { type: "panel.self_view", on: true });
			await polite.frame("ack", ({ id }) => id === pings);
		}
		expect(await gone).toBe(1006);
		expect(refused("panel.silent")).toBe(1);
		expect(server.panels).toBe(1);
	});

	it("keeps a panel when the clock is set, or when the room itself stalled", async () => {
		const panel = await connect();
		for (const jumped of [3_600_000, 0]) {
			clock.ahead = jumped;
			clock.advance(600);
			panel.send(jumped, { type: "panel.self_view", on: true });
			await panel.frame("ack", ({ id }) => id === jumped);
		}
		expect(server.panels).toBe(1);
		expect(refused("panel.silent")).toBe(0);
	});

	it("doesn't pile up snapshots for a panel that doesn't read, and gives it the newest in the end", async () => {
		const [slow, fast] = [await connect(), await connect()];
		await slow.frame("snapshot");
		slow.socket.pause();
		const long = {
			...scenes.resting,
			directory: Array.from({ length: 2000 }, (_, n) => ({ id: `${n}`, name: "x".repeat(60), online: null })),
		};
		// More bytes than the kernel keeps for a socket.
		const frames = 150;
		for (let n = 1; n <= frames; n += 1) {
			room.show({ ...long, media: { ...long.media, volume: n } });
			await fast.frame("snapshot", ({ snapshot }) => snapshot.media.volume === n);
		}
		slow.socket.resume();
		await slow.frame("snapshot", ({ snapshot }) => snapshot.media.volume === frames);
		expect(slow.frames.filter((frame) => frame.t === "snapshot").length).toBeLessThan(frames);
	});
});

describe("pictures of presets", () => {
	beforeEach(() => {
		room.presetPictures.set("3 abc", greyJpeg);
	});

	it("are shown by number and version, and kept by no browser", async () => {
		const answer = await fetch(`${server.url}/preset/3.jpg?v=abc`);
		expect(answer.status).toBe(200);
		expect(answer.headers.get("content-type")).toBe("image/jpeg");
		expect(answer.headers.get("cache-control")).toBe("no-store");
		expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
		expect(Buffer.from(await answer.arrayBuffer())).toEqual(greyJpeg);
	});

	it.each([
		...["/preset/3.jpg", "/preset/3.jpg?v=abd", "/preset/4.jpg?v=abc", "/preset/3.png?v=abc", "/preset/?v=abc"],
		...[
			"/preset/-3.jpg?v=abc",
			"/preset/3000.jpg?v=abc",
			"/preset/..%2f3.jpg?v=abc",
			"/preset/%2e%2e/secret.txt?v=abc",
		],
		"/preset/3.jpg?v=abc&v=abc",
	])("are not at %s", async (path) => {
		const answer = await get(path);
		expect(answer.status).toBe(404);
		expect(answer.body).not.toContain("secret");
	});

	it("are shown to no foreign page, to no foreign name, and to no panel that isn't paired", async () => {
		expect((await get("/preset/3.jpg?v=abc", { "sec-fetch-site": "cross-site" })).status).toBe(403);
		expect(refused("panel.origin_refused")).toBe(1);
		expect((await get("/preset/3.jpg?v=abc", { host: "evil.example" })).status).toBe(421);
		await server.close();
		server = await start({ pairingToken: "x".repeat(22) });
		expect((await get("/preset/3.jpg?v=abc")).status).toBe(403);
	});
});

describe("previews", () => {
	it("streams pictures while somebody looks, and not longer", async () => {
		const abort = new AbortController();
		const answer = await fetch(`${server.url}/preview/self`, { signal: abort.signal });
		expect(answer.headers.get("content-type")).toBe("multipart/x-mixed-replace; boundary=incamera-picture");
		expect(answer.headers.get("cross-origin-resource-policy")).toBe("same-origin");
		expect(answer.headers.get("cache-control")).toBe("no-store");
		expect(room.watched).toEqual({ tv: 0, self: 1 });
		room.film();
		let received = Buffer.alloc(0);
		for await (const part of answer.body ?? []) {
			received = Buffer.concat([received, part]);
			if (received.toString("latin1").split("--incamera-picture").length === 4) break;
		}
		const parts = received.toString("latin1").split("--incamera-picture\r\n").slice(1, 3);
		for (const part of parts) {
			expect(part).toBe(`content-type: image/jpeg\r\n\r\n${greyJpeg.toString("latin1")}\r\n`);
		}
		abort.abort();
		await vi.waitUntil(() => room.watched.self === 0);
	});

	it("asks the engine once for many viewers, and has a limit", async () => {
		const abort = new AbortController();
		const { signal } = abort;
		for (let viewer = 0; viewer < 8; viewer += 1) await fetch(`${server.url}/preview/tv`, { signal });
		expect(room.watched.tv).toBe(1);
		expect((await fetch(`${server.url}/preview/tv`, { signal })).status).toBe(503);
		abort.abort();
		await vi.waitUntil(() => room.watched.tv === 0);
	});
});
