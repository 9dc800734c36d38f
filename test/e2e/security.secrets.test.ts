/**
 * What a building writes while people meet in it, however wrong things go: nothing of whom, of what, or how to get in. Everything that
 * its processes write is collected at the most talkative level, and searched for what was planted.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { allowMedia, launchChromium } from "../sim/chromium.ts";
import { ownAddress } from "../sim/network/ownAddress.ts";
import { PanelClient } from "../sim/panel/PanelClient.ts";
import { Guest } from "../ui/guest/guestBrowser.ts";
import { PanelDriver } from "./PanelDriver.ts";
import { descendantsOf } from "./processes.ts";
import type { PlantedNames, TalkativeBuilding } from "./programs/talkativeBuilding.ts";

const names: PlantedNames = {
	rooms: { berlin: "Quittenzimmer", muenchen: "Schlehenkammer" },
	title: "Zwetschgenfusion",
};
const guestName = "Xanthippe Ölsardine";

/** Every description that the page's transports make or are given, for their keys and addresses. Runs in the page. */
function keepDescriptions(): void {
	const kept: string[] = [];
	(globalThis as unknown as { descriptions: string[] }).descriptions = kept;
	for (const name of ["setLocalDescription", "setRemoteDescription"] as const) {
		const real = RTCPeerConnection.prototype[name] as (description?: RTCSessionDescriptionInit) => Promise<void>;
		RTCPeerConnection.prototype[name] = async function (
			this: RTCPeerConnection,
			description?: RTCSessionDescriptionInit,
		) {
			await real.call(this, description);
			kept.push(this.localDescription?.sdp ?? "", this.remoteDescription?.sdp ?? "");
		} as never;
	}
}

async function keysOf(page: Page): Promise<string[]> {
	const sdp = (await page.evaluate(() => (globalThis as unknown as { descriptions: string[] }).descriptions)).join("");
	const found = ["ice-pwd", "fingerprint:sha-256"].map((name) => [
		...sdp.matchAll(new RegExp(`a=${name}[: ](\\S+)`, "g")),
	]);
	return [...new Set(found.flat().map(([, value]) => value as string))];
}

describe("a building's output", { timeout: 120_000 }, () => {
	let child: ChildProcess;
	let place: TalkativeBuilding;
	let browser: Browser;
	let output: Promise<string>;
	const planted = new Map<string, string>();
	const plant = (what: string, value: string) => planted.set(value, what);

	beforeAll(async () => {
		child = fork(join(import.meta.dirname, "programs/talkativeBuilding.ts"), [JSON.stringify(names)], {
			stdio: ["ignore", "pipe", "pipe", "ipc"],
			env: { ...process.env, INCAMERA_LOG: "debug" },
		});
		output = Promise.all([text(child.stdout as never), text(child.stderr as never)]).then((parts) => parts.join("\n"));
		[[place], browser] = await Promise.all([
			once(child, "message") as Promise<[TalkativeBuilding]>,
			launchChromium([allowMedia]),
		]);
	}, 120_000);
	afterAll(async () => {
		await browser?.close();
		if (child.exitCode === null) child.kill("SIGTERM");
	});

	it("names nobody, holds no way in, and no key, at the most talkative level and in every kind of trouble", async () => {
		const { running, folders, pids, brokerPid } = place;
		const [, meetingId = "", secret = "", pin = ""] = /\/j\/([^#]+)#1\.([^.]+)\.(.+)$/.exec(running.guestLink) ?? [];
		plant("room", names.rooms.berlin);
		plant("room", names.rooms.muenchen);
		plant("title", names.title);
		plant("guest", guestName);
		plant("guest", "Ölsardine");
		plant("meeting", meetingId);
		plant("secret", secret);
		plant("pin", pin);
		plant("address", ownAddress());

		// a call with a guest, whose code is compared; the engine dies in it
		const berlin = await PanelDriver.connect(running.rooms.berlin);
		const muenchen = await PanelDriver.connect(running.rooms.muenchen);
		await berlin.until(
			({ agenda }) => agenda.entries.some(({ title }) => title === names.title),
			"the title on the panel",
		);
		await berlin.join();
		await berlin.untilScreen("alone");
		const guest = await Guest.create(browser);
		await guest.page.addInitScript(keepDescriptions);
		await guest.join(running.guestLink, guestName);
		await berlin.until(({ screen }) => screen.name === "call" && screen.far.name === guestName, "the guest's name");
		await berlin.untilPhase("connected");
		const engine = descendantsOf(pids.berlin)[0] ?? 0;
		process.kill(engine, "SIGKILL");
		await berlin.untilPhase("recovering");
		await berlin.untilPhase("connected");
		await berlin.touch({ type: "panel.compare", same: true });
		for (const key of await keysOf(guest.page)) plant("key", key);
		expect([...planted.values()].filter((what) => what === "key").length).toBeGreaterThanOrEqual(4);

		// nothing in what anybody on the machine can see of the processes
		const everybody = [child.pid as number, ...descendantsOf(child.pid as number)];
		expect(everybody.length).toBeGreaterThanOrEqual(5);
		for (const pid of everybody.slice(1)) {
			for (const seen of ["cmdline", "environ"]) expectNothing(readFileSync(`/proc/${pid}/${seen}`, "utf8"), seen);
		}
		// broker: its output goes nowhere
		for (const fd of [1, 2]) expect(readlinkSync(`/proc/${brokerPid}/fd/${fd}`)).toBe("/dev/null");
		await berlin.touch({ type: "panel.leave" });
		await guest.waitForScreen("ended");
		await berlin.rest();

		// a ring, and calls that are refused, one after the other
		await berlin.until(({ can, directory }) => can.call && directory[0]?.online === true, "München online");
		await berlin.touch({ type: "panel.call", room: "room-muenchen" });
		await muenchen.untilScreen("ringing-in");
		await muenchen.touch({ type: "panel.answer", camera: true });
		await Promise.all([berlin.untilPhase("connected"), muenchen.untilPhase("connected")]);
		// what a room remembers of whom it met
		for (const room of ["berlin", "muenchen"] as const) {
			let remembered: string[] = [];
			const look = () => {
				remembered = contentsOf(join(folders[room], "state"));
				return remembered.length;
			};
			await expect.poll(look).toBeGreaterThan(0);
			for (const content of remembered) expectNothing(content, "state");
		}
		await berlin.touch({ type: "panel.compare", same: false });
		await Promise.all([berlin.untilScreen("ended"), muenchen.untilScreen("ended")]);
		for (const wrong of [running.guestLink.slice(0, -1), running.guestLink.replace("#1.", "#9.")]) {
			await berlin.rest();
			await berlin.touch({ type: "panel.join_link", link: wrong });
			await berlin.untilScreen("ended");
		}

		// secrets in the wrong place: requests, frames, messages
		const stray = await PanelClient.connect(running.rooms.berlin);
		stray.socket.send(
			`{"t":"intent","id":1,"intent":{"type":"panel.join_link","link":"${running.guestLink.repeat(8)}"}}`,
		);
		stray.socket.send(running.guestLink);
		await stray.frame("refused", ({ id }) => id === -1);
		stray.close();
		for (const origin of [running.rooms.berlin, running.rooms.muenchen, running.rendezvous]) {
			for (const path of [
				`/j/${meetingId}/${secret}`,
				`/pair?token=${secret}`,
				`/%00${secret}`,
				`/preview/${guestName}`,
			])
				await fetch(`${origin}${path}`, { headers: { "x-name": encodeURIComponent(guestName) } }).then((r) => r.text());
		}
		const socket = new WebSocket(`${running.rendezvous.replace("http", "ws")}/rendezvous`);
		await once(socket, "open");
		socket.send(JSON.stringify({ t: "join", v: 1, mid: meetingId, hello: secret, name: guestName }));
		await once(socket, "message");
		socket.send(`not JSON ${secret}`);
		await once(socket, "close");

		// the end of a program that nobody asked for, with a person's name in its reason
		berlin.close();
		muenchen.close();
		await guest.close();
		process.kill(descendantsOf(pids.muenchen)[0] ?? 0, "SIGKILL");
		child.kill("SIGTERM");
		const written = await output;
		expect(written).toContain('"event":"call.state"');
		expect(written).toContain('"event":"engine.exited"');
		expect(written).toContain('"event":"panel.refused"');
		expectNothing(written, "output");
		// and what was looked for would have been found
		for (const value of planted.keys()) expect(() => expectNothing(`…${value}…`, "a test")).toThrow();
	});

	/** Nothing planted is in the text, as it is or as it would be written in a URL or in base64. */
	function expectNothing(haystack: string, where: string): void {
		for (const [value, what] of planted) {
			const forms = [value, encodeURIComponent(value), Buffer.from(value).toString("base64").replace(/=+$/, "")];
			// which of them is said, not what it is
			for (const form of forms) expect(haystack.includes(form), `${what} in ${where}`).toBe(false);
		}
	}
});

/** What all files in a folder hold; nothing in a moment when one of them is being replaced. */
function contentsOf(folder: string): string[] {
	try {
		return readdirSync(folder, { recursive: true, withFileTypes: true })
			.filter((entry) => entry.isFile())
			.map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
		throw error;
	}
}
