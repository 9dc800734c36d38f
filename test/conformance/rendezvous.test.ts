/** One suite of what a rendezvous does, run against the real service and against the simulator that the meeting's tests rely on. */
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { limits } from "../../provisioning/contract/rendezvous.ts";
import { startService } from "../../provisioning/service/startService.ts";
import { buildPage } from "../../tools/build-ui.ts";
import { newMeetingId, RelayClient } from "../provisioning/service/rendezvous/RelayClient.ts";
import { RelaySimulator } from "../sim/relay/RelaySimulator.ts";

interface Running {
	url: string;
	close(): Promise<unknown>;
}

const implementations: Record<string, () => Promise<Running>> = {
	"the service": async () => {
		await buildPage("guest");
		return startService({ port: 0, guestFolder: fileURLToPath(new URL("../../build/ui/guest", import.meta.url)) });
	},
	"the simulator": async () => {
		const relay = await RelaySimulator.start();
		return { url: relay.origin, close: () => relay.stop() };
	},
};

describe.each(Object.entries(implementations))("a rendezvous: %s", (_name, start) => {
	let running: Running;
	let clients: RelayClient[] = [];
	beforeAll(async () => {
		running = await start();
	});
	afterAll(() => running.close());
	afterEach(() => {
		for (const { socket } of clients) socket.terminate();
		clients = [];
	});
	const client = async () => {
		const made = await RelayClient.connect(running.url);
		clients.push(made);
		return made;
	};
	const pair = async () => {
		const mid = newMeetingId();
		const [a, b] = [await client(), await client()];
		const first = await a.join(mid, "YWFh");
		const second = await b.join(mid, "YmJi");
		return { a, b, mid, first, second, news: await a.next() };
	};

	it("tells a newcomer who is there, and who is there of the newcomer, with their cards untouched", async () => {
		const { first, second, news } = await pair();
		expect(first.members).toEqual([]);
		expect(second.members).toEqual([{ id: first.you, hello: "YWFh" }]);
		expect(news).toEqual({ t: "member", id: second.you, hello: "YmJi" });
		expect(first.you).not.toBe(second.you);
	});

	it("delivers what one seals for the other, in order, with the sender's id", async () => {
		const { a, b, first, second } = await pair();
		for (const sealed of ["b25l", "dHdv", "dGhyZWU"]) a.say({ t: "send", to: second.you, sealed });
		for (const sealed of ["b25l", "dHdv", "dGhyZWU"])
			expect(await b.next()).toEqual({ t: "message", from: first.you, sealed });
	});

	it("keeps meetings apart", async () => {
		const { a } = await pair();
		const { second: elsewhere, b } = await pair();
		a.say({ t: "send", to: elsewhere.you, sealed: "eA" });
		expect(await a.next()).toEqual({ t: "error", code: "rendezvous.no_such_member" });
		b.say({ t: "ping" });
		expect(await b.next()).toEqual({ t: "pong" });
	});

	it("tells a third that the meeting is full", async () => {
		const { mid } = await pair();
		const third = await client();
		third.say({ t: "join", v: 1, mid, hello: "Y2Nj" });
		expect(await third.next()).toEqual({ t: "error", code: "rendezvous.meeting_full" });
	});

	it("tells who stays that the other left, and has the place again", async () => {
		const { a, b, mid, first, second } = await pair();
		b.socket.terminate();
		expect(await a.next()).toEqual({ t: "left", id: second.you });
		const again = await client();
		expect((await again.join(mid, "ZGRk")).members).toEqual([{ id: first.you, hello: "YWFh" }]);
	});

	it("answers pings, before and after joining", async () => {
		const one = await client();
		one.say({ t: "ping" });
		expect(await one.next()).toEqual({ t: "pong" });
		await one.join(newMeetingId());
		one.say({ t: "ping" });
		expect(await one.next()).toEqual({ t: "pong" });
	});

	it("closes on who sends more than a frame may hold", async () => {
		const { a, b, second } = await pair();
		b.say("x".repeat(2 * limits.frameBytes + 1));
		await b.closed;
		expect(await a.next()).toEqual({ t: "left", id: second.you });
	});
});
