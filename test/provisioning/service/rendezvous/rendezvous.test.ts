import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { ManualClock } from "../../../../device/core/clock.ts";
import { limits } from "../../../../provisioning/contract/rendezvous.ts";
import { Rendezvous, type RendezvousOptions } from "../../../../provisioning/service/rendezvous/Rendezvous.ts";
import { newMeetingId, RelayClient } from "./RelayClient.ts";

let http: Server;
let url: string;
let clock: ManualClock;
let rendezvous: Rendezvous;
/** The server's raw sockets, in order of their coming. */
let serverSockets: Duplex[];
let clients: RelayClient[];

async function open(options: RendezvousOptions = {}): Promise<void> {
	clock = new ManualClock(1_800_000_000_000);
	rendezvous = new Rendezvous({ clock, ...options });
	serverSockets = [];
	const upgrade = new WebSocketServer({ noServer: true, maxPayload: 2 * limits.frameBytes });
	http = createServer().on("upgrade", (request, socket, head) => {
		serverSockets.push(socket);
		upgrade.handleUpgrade(request, socket, head, (websocket) => rendezvous.accept(websocket));
	});
	http.listen(0, "127.0.0.1");
	await once(http, "listening");
	url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}

async function client(): Promise<RelayClient> {
	const made = await RelayClient.connect(url);
	clients.push(made);
	return made;
}

/** Both in one meeting, with what each heard of it taken. */
async function pair(mid = newMeetingId()) {
	const [a, b] = [await client(), await client()];
	const first = await a.join(mid, "YWFh");
	const second = await b.join(mid, "YmJi");
	const news = await a.next();
	return { a, b, mid, first, second, news, idA: first.you, idB: second.you };
}

beforeEach(() => {
	clients = [];
	return open();
});
afterEach(async () => {
	for (const { socket } of clients) socket.terminate();
	rendezvous.close();
	http.close();
	await once(http, "close");
});

describe("relays", () => {
	test("who was there, who comes, sealed messages both ways, who leaves", async () => {
		const { a, b, first, second, news, idA, idB } = await pair();
		expect(first.members).toEqual([]);
		expect(second.members).toEqual([{ id: idA, hello: "YWFh" }]);
		expect(news).toEqual({ t: "member", id: idB, hello: "YmJi" });
		a.say({ t: "send", to: idB, sealed: "b25l" });
		b.say({ t: "send", to: idA, sealed: "dHdv" });
		expect(await b.next()).toEqual({ t: "message", from: idA, sealed: "b25l" });
		expect(await a.next()).toEqual({ t: "message", from: idB, sealed: "dHdv" });
		b.socket.close();
		expect(await a.next()).toEqual({ t: "left", id: idB });
	});

	test("a join and a message in one packet", async () => {
		const { idB, b, mid } = await pair();
		b.socket.close();
		await expect.poll(() => rendezvous.load.sockets).toBe(1);
		const c = await client();
		c.say({ t: "join", v: 1, mid, hello: "Y2Nj" });
		c.say({ t: "send", to: idB, sealed: "b25l" });
		expect((await c.next()).t).toBe("joined");
		expect(await c.next()).toEqual({ t: "error", code: "rendezvous.no_such_member" });
	});

	test("gives each member ICE servers of its own", async () => {
		rendezvous.close();
		http.close();
		let issued = 0;
		await open({ iceServers: () => [{ urls: ["turn:127.0.0.1:3478"], username: `${++issued}`, credential: "x" }] });
		const { first, second } = await pair();
		expect([first.ice[0]?.username, second.ice[0]?.username]).toEqual(["1", "2"]);
	});

	test("forgets everything when the last one leaves", async () => {
		const { a, b } = await pair();
		expect(rendezvous.load).toEqual({ meetings: 1, sockets: 2 });
		a.socket.close();
		b.socket.terminate();
		await expect.poll(() => rendezvous.load).toEqual({ meetings: 0, sockets: 0 });
	});

	test("never between meetings, and not to oneself", async () => {
		const one = await pair();
		const two = await pair();
		one.a.say({ t: "send", to: two.idA, sealed: "b25l" });
		expect(await one.a.next()).toEqual({ t: "error", code: "rendezvous.no_such_member" });
		one.a.say({ t: "send", to: one.idA, sealed: "b25l" });
		expect(await one.a.next()).toEqual({ t: "error", code: "rendezvous.no_such_member" });
		// The line stays: the other one may just have left.
		one.a.say({ t: "ping" });
		expect(await one.a.next()).toEqual({ t: "pong" });
	});
});

describe("members", () => {
	test("a third one is told that the meeting is full, and the two go on", async () => {
		const { a, b, mid, idB } = await pair();
		const c = await client();
		c.say({ t: "join", v: 1, mid, hello: "Y2Nj" });
		expect(await c.next()).toEqual({ t: "error", code: "rendezvous.meeting_full" });
		expect(await c.closed).toBe(1008);
		a.say({ t: "send", to: idB, sealed: "b25l" });
		expect((await b.next()).t).toBe("message");
	});

	test("of two who come for the last place, one gets it", async () => {
		const mid = newMeetingId();
		const a = await client();
		await a.join(mid);
		const [c, d] = [await client(), await client()];
		for (const late of [c, d]) late.say({ t: "join", v: 1, mid, hello: "Y2Nj" });
		const answers = (await Promise.all([c.next(), d.next()])).map((frame) =>
			frame.t === "error" ? frame.code : frame.t,
		);
		expect(answers.sort()).toEqual(["joined", "rendezvous.meeting_full"]);
	});

	test("one whose line is dead makes room for a newcomer at once", async () => {
		const { a, b, mid, idB } = await pair();
		// b's machine is cut off: what comes is not read, so no ping is answered, and no FIN arrives.
		(b.socket as unknown as { _socket: Duplex })._socket.pause();
		const pinged = once(a.socket, "ping");
		const again = await client();
		again.say({ t: "join", v: 1, mid, hello: "Y2Nj" });
		await pinged;
		// Frames keep their order: when this is answered, a's pong has been heard.
		a.say({ t: "ping" });
		expect(await a.next()).toEqual({ t: "pong" });
		clock.advance(1000);
		const joined = await again.next();
		expect(joined.t === "joined" && joined.members).toHaveLength(1);
		expect(await a.next()).toEqual({ t: "left", id: idB });
		expect((await a.next()).t).toBe("member");
	});

	test("one that vanishes is noticed by the keepalive, one that answers is kept", async () => {
		const { a, b, idB } = await pair();
		(b.socket as unknown as { _socket: Duplex })._socket.pause();
		const pinged = once(a.socket, "ping");
		clock.advance(20_000);
		await pinged;
		// a has answered the ping by the time its next word is answered: frames keep their order.
		a.say({ t: "ping" });
		expect(await a.next()).toEqual({ t: "pong" });
		clock.advance(20_000);
		expect(await a.next()).toEqual({ t: "left", id: idB });
		expect(rendezvous.load).toEqual({ meetings: 1, sockets: 1 });
	});

	test("meetings are limited", async () => {
		rendezvous.close();
		http.close();
		await open({ meetings: 2 });
		for (let i = 0; i < 2; i++) await (await client()).join(newMeetingId());
		const late = await client();
		late.say({ t: "join", v: 1, mid: newMeetingId(), hello: "Y2Nj" });
		expect(await late.next()).toEqual({ t: "error", code: "rendezvous.too_many_meetings" });
		expect(await late.closed).toBe(1008);
	});
});

describe("refuses, says why and closes", () => {
	const mid = newMeetingId();
	test.each<[string, unknown, string]>([
		["no JSON", "{t:", "rendezvous.malformed"],
		["a number", "7", "rendezvous.malformed"],
		["a binary frame", new Uint8Array([0, 1, 2, 255]), "rendezvous.malformed"],
		["an unknown frame", { t: "shout" }, "rendezvous.malformed"],
		["a server's frame", { t: "left", id: "x" }, "rendezvous.malformed"],
		["a short meeting id", { t: "join", v: 1, mid: "abc", hello: "Y2Nj" }, "rendezvous.malformed"],
		[
			"a meeting id with a path",
			{ t: "join", v: 1, mid: "../../../etc/passwd00", hello: "Y2Nj" },
			"rendezvous.malformed",
		],
		["a hello that is no base64url", { t: "join", v: 1, mid, hello: "<b>" }, "rendezvous.malformed"],
		["a hello too long", { t: "join", v: 1, mid, hello: "a".repeat(4097) }, "rendezvous.malformed"],
		["an unknown version", { t: "join", v: 2, mid, hello: "Y2Nj" }, "rendezvous.version_unknown"],
		["a message before joining", { t: "send", to: "x", sealed: "b25l" }, "rendezvous.not_joined"],
		["too many bytes", { t: "send", to: "x", sealed: "a".repeat(limits.frameBytes) }, "rendezvous.too_large"],
	])("%s", async (_name, frame, code) => {
		const a = await client();
		a.say(frame);
		expect(await a.next()).toEqual({ t: "error", code });
		expect(await a.closed).toBe(1008);
		await expect.poll(() => rendezvous.load.sockets).toBe(0);
	});

	test("far too many bytes, without reading them all", async () => {
		const a = await client();
		a.say("x".repeat(limits.frameBytes * 2 + 1));
		expect(await a.closed).toBe(1009);
	});

	test("a second join", async () => {
		const { a, mid: same } = await pair();
		a.say({ t: "join", v: 1, mid: same, hello: "Y2Nj" });
		expect(await a.next()).toEqual({ t: "error", code: "rendezvous.malformed" });
	});

	test("silence instead of a join", async () => {
		const a = await client();
		await expect.poll(() => rendezvous.load.sockets).toBe(1);
		clock.advance(10_000);
		expect(await a.next()).toEqual({ t: "error", code: "rendezvous.not_joined" });
	});
});

describe("rates", () => {
	test("a burst of 10 000 passes the allowed burst on, then closes the sender; the other meeting hears nothing of it", async () => {
		const { a, b, idB } = await pair();
		const calm = await pair();
		for (let i = 0; i < 10_000; i++) a.say({ t: "send", to: idB, sealed: "b25l" });
		for (;;) {
			const frame = await a.next();
			if (frame.t !== "error") continue;
			expect(frame.code).toBe("rendezvous.too_fast");
			break;
		}
		let passed = 0;
		for (let frame = await b.next(); frame.t === "message"; frame = await b.next()) passed++;
		// the join took one
		expect(passed).toBe(limits.burst - 1);
		calm.a.say({ t: "send", to: calm.idB, sealed: "b25l" });
		expect((await calm.b.next()).t).toBe("message");
	});

	test("what is steady and within the rate is never cut", async () => {
		const { a, b, idB } = await pair();
		for (let second = 0; second < 10; second++) {
			for (let i = 0; i < limits.perSecond; i++) a.say({ t: "send", to: idB, sealed: "b25l" });
			for (let i = 0; i < limits.perSecond; i++) expect((await b.next()).t).toBe("message");
			clock.advance(1000);
		}
	});

	test("a receiver that does not read is closed, and little waits for it", async () => {
		rendezvous.close();
		http.close();
		await open({ backlogBytes: 256 * 1024, pingMs: 1e9 });
		const { a, b, idB } = await pair();
		(b.socket as unknown as { _socket: Duplex })._socket.pause();
		const sealed = "a".repeat(limits.frameBytes - 100);
		let most = 0;
		let left = false;
		const news = a.next().then((frame) => {
			left = frame.t === "left";
		});
		// Whatever the kernel takes in between, the relay's own backlog stays bounded.
		for (let i = 0; i < 2000 && !left; i++) {
			a.say({ t: "send", to: idB, sealed });
			a.socket.ping();
			await once(a.socket, "pong");
			most = Math.max(most, serverSockets[1]?.writableLength ?? 0);
			clock.advance(1000 / limits.perSecond);
			if (most > 256 * 1024) clock.advance(2000);
		}
		await news;
		expect(left).toBe(true);
		expect(most).toBeLessThan(256 * 1024 + 2 * limits.frameBytes);
	});
});
