/** What comes in at a real room's panel: links of every wrong kind, and whoever speaks to its socket. */
import { once } from "node:events";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { formatLink } from "../../device/meeting/link.ts";
import { PanelClient } from "../sim/panel/PanelClient.ts";
import type { PanelDriver } from "./PanelDriver.ts";
import { residentMb } from "./processes.ts";
import { TestBuilding } from "./TestBuilding.ts";

describe("a panel's input", { timeout: 60_000 }, () => {
	let building: TestBuilding;
	let berlin: PanelDriver;
	beforeAll(async () => {
		building = await TestBuilding.start();
	}, 120_000);
	afterAll(() => building?.stop());
	beforeEach(async () => {
		berlin = await building.panel("berlin");
	});
	afterEach(() => building.clearAndClosePanels());

	describe("links", () => {
		it.each<[string, string, (link: string) => string]>([
			["truncated in the secret", "link.invalid", (link) => link.slice(0, link.indexOf("#") + 20)],
			["truncated in the pin", "link.invalid", (link) => link.slice(0, -1)],
			["with one character more", "link.invalid", (link) => `${link}A`],
			["without a fragment", "link.invalid", (link) => link.replace(/#.*/, "")],
			["with an empty fragment", "link.invalid", (link) => link.replace(/#.*/, "#")],
			["with a query", "link.invalid", (link) => link.replace("#", "?x=1#")],
			["with a name and a password", "link.invalid", (link) => link.replace("http://", "http://ada:secret@")],
			["with another path", "link.invalid", (link) => link.replace("/j/", "/x/")],
			["with a meeting id of another length", "link.invalid", (link) => link.replace(/\/j\/./, "/j/")],
			["unencrypted to a host on the network", "link.invalid", (link) => link.replace(/127\.0\.0\.1:\d+/, "192.0.2.7")],
			["of another scheme", "link.invalid", (link) => link.replace("http:", "javascript:")],
			["that is none", "link.invalid", () => "Jour fixe"],
			["that is nothing", "link.invalid", () => ""],
			["of a later version", "link.version_unknown", (link) => link.replace("#1.", "#2.")],
			["of a version that is no number", "link.invalid", (link) => link.replace("#1.", "#1e0.")],
			[
				"to another host",
				"link.other_host",
				(link) => link.replace(/http:\/\/127\.0\.0\.1:\d+/, "https://meet.example.org"),
			],
			["to another port", "link.other_host", (link) => link.replace(/(127\.0\.0\.1):\d+/, "$1:9")],
		])("%s: %s on the panel, and nothing was opened", async (_, code, spoil) => {
			const link = formatLink(await building.meeting());
			const spoilt = spoil(link);
			expect(spoilt).not.toBe(link);
			await berlin.touch({ type: "panel.join_link", link: spoilt });
			expect(await berlin.untilScreen("ended")).toMatchObject({ failure: code });
			expect(building.middle.members("room")).toBe(0);
			await berlin.until(({ media }) => media.camera.state === "closed" && media.microphone.state === "closed");
		});

		it("a good one with spaces around it joins", async () => {
			await berlin.touch({ type: "panel.join_link", link: `  ${formatLink(await building.meeting())}\n` });
			await berlin.untilScreen("alone");
		});
	});

	describe("the socket", () => {
		/** The HTTP status with which a socket is refused; 101 where it isn't. */
		async function statusOf(headers: Record<string, string>, path = "/panel"): Promise<number> {
			const socket = new WebSocket(`${building.running.rooms.berlin.replace("http", "ws")}${path}`, { headers });
			const open = once(socket, "open").then(() => 101);
			const refused = once(socket, "unexpected-response").then(([, response]) => response.statusCode as number);
			socket.on("error", () => {});
			const status = await Promise.race([open, refused]);
			refused.catch(() => {});
			open.catch(() => {});
			socket.terminate();
			return status;
		}

		it("is for the room's own page: not for another origin, none, another host or path", async () => {
			const origin = building.running.rooms.berlin;
			expect(await statusOf({ origin })).toBe(101);
			const strangers = ["https://evil.example", "http://127.0.0.1", building.running.rooms.muenchen, "null"];
			for (const stranger of strangers) expect(await statusOf({ origin: stranger })).toBe(403);
			expect(await statusOf({})).toBe(403);
			const rebound = `evil.example:${new URL(origin).port}`;
			expect(await statusOf({ origin: `http://${rebound}`, host: rebound })).toBe(403);
			expect(await statusOf({ origin }, "/other")).toBe(404);
		});

		it.each([
			["an intent that nobody knows", { t: "intent", id: 5, intent: { type: "panel.open_everything" } }],
			["an intent with a wrong field", { t: "intent", id: 5, intent: { type: "panel.volume", level: 1_000 } }],
			["a link that is too long", { t: "intent", id: 5, intent: { type: "panel.join_link", link: "x".repeat(600) } }],
			["a room's own event", { t: "intent", id: 5, intent: { type: "ring.answered", link: "x" } }],
			["a frame of the other direction", { t: "snapshot", id: 5, snapshot: {} }],
		])("%s is refused as malformed, and changes nothing", async (_, frame) => {
			const panel = await PanelClient.connect(building.running.rooms.berlin);
			const { rev } = berlin.snapshot;
			panel.socket.send(JSON.stringify(frame));
			expect((await panel.frame("refused")).code).toBe("panel.malformed");
			panel.send(6, { type: "panel.volume", level: berlin.snapshot.media.volume });
			await panel.frame("ack", ({ id }) => id === 6);
			expect(berlin.snapshot.rev).toBe(rev);
			panel.close();
		});

		it("what isn't JSON is refused; who goes on with it is cut off; the other panel doesn't notice", async () => {
			const panel = await PanelClient.connect(building.running.rooms.berlin);
			const closed = panel.closed();
			for (let at = 0; at < 20; at += 1) panel.socket.send("{".repeat(at));
			expect(await closed).toBe(1008);
			expect(panel.frames.filter(({ t }) => t === "refused").length).toBeGreaterThan(0);
			expect(await berlin.touch({ type: "panel.volume", level: 41 })).toBe("ack");
			expect(berlin.snapshot.screen.name).toBe("resting");
		});

		it("a message of a megabyte cuts its sender off and is not kept", async () => {
			const pid = building.building.pidOf("berlin");
			const before = residentMb(pid);
			for (let times = 0; times < 200; times += 1) {
				const panel = await PanelClient.connect(building.running.rooms.berlin);
				const closed = panel.closed();
				panel.socket.send("x".repeat(1024 * 1024));
				expect(await closed).toBe(1009);
			}
			await expect.poll(() => residentMb(pid) - before).toBeLessThan(100);
			expect(await berlin.touch({ type: "panel.volume", level: 42 })).toBe("ack");
		});

		it("a touch that is not allowed now is refused, whatever the page believes", async () => {
			expect(await berlin.touch({ type: "panel.leave" })).toBe("panel.not_now");
			expect(await berlin.touch({ type: "panel.answer", camera: true })).toBe("panel.not_now");
			expect(await berlin.touch({ type: "panel.microphone", on: true })).toBe("panel.not_now");
			expect(await berlin.touch({ type: "panel.camera", on: true })).toBe("panel.not_now");
			expect(await berlin.touch({ type: "panel.call", room: "room-nowhere" })).toBe("panel.not_now");
			expect(await berlin.touch({ type: "panel.join", entry: "none" })).toBe("panel.not_now");
			expect(berlin.snapshot.media).toMatchObject({ microphone: { state: "closed" }, camera: { state: "closed" } });
		});
	});

	it("two panels of one room agree, and of two touches at once one counts", async () => {
		const other = await building.panel("berlin");
		const links = [formatLink(await building.meeting()), formatLink(await building.meeting())] as const;
		const answers = await Promise.all([
			berlin.touch({ type: "panel.join_link", link: links[0] }),
			other.touch({ type: "panel.join_link", link: links[1] }),
		]);
		expect(answers.sort()).toEqual(["ack", "panel.not_now"]);
		await Promise.all([berlin.untilScreen("alone"), other.untilScreen("alone")]);
		const same = () => JSON.stringify(berlin.snapshot) === JSON.stringify(other.snapshot);
		await expect.poll(same).toBe(true);
		expect(building.middle.members("room")).toBe(1);
		await other.touch({ type: "panel.microphone", on: false });
		await berlin.until(({ media }) => media.microphone.state === "off", "the other panel's touch");
		await other.touch({ type: "panel.leave" });
		await Promise.all([berlin.untilScreen("ended"), other.untilScreen("ended")]);
		await expect.poll(same).toBe(true);
	});
});
