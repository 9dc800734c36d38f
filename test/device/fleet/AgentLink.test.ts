import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Clock, ManualClock, systemClock } from "../../../device/core/clock.ts";
import type { Log } from "../../../device/core/log.ts";
import { AgentLink } from "../../../device/fleet/AgentLink.ts";
import { LOCAL_LINE_BYTES } from "../../../provisioning/contract/local.ts";
import { SimulatedAgent, unclaimed } from "../../sim/fleet/SimulatedAgent.ts";

let folder: string;
let agent: SimulatedAgent;
let link: AgentLink;
const said: string[] = [];
let refused: string[];
const ends: (() => void)[] = [];

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "incamera-link-"));
	agent = await SimulatedAgent.start(join(folder, "agent.sock"));
});
afterEach(async () => {
	for (const end of ends.splice(0)) end();
	await agent.stop();
	await rm(folder, { recursive: true });
});

/** A link to whoever listens in the folder. */
function open(clock: Clock = systemClock): AgentLink {
	said.length = 0;
	refused = [];
	const log: Log = {
		write(_level, event, fields) {
			if (event === "agent.refused" && "code" in fields) refused.push(String(fields.code));
		},
	};
	link = new AgentLink({ path: join(folder, "agent.sock"), version: "1.2.3", clock, log, random: () => 0.5 });
	for (const event of ["opened", "lost", "claim", "twin", "line", "update"] as const) {
		link.events.on(event, () => said.push(event));
	}
	ends.push(() => link.close());
	link.open();
	return link;
}

const line = (value: unknown) => `${JSON.stringify(value)}\n`;
const heard = (...expected: string[]) => expect.poll(() => said).toEqual(expected);

test("says hello, is told everything, and says what it has to", async () => {
	open();
	await heard("opened", "claim");
	expect(await agent.heard("hello")).toEqual({ t: "hello", v: 1, version: "1.2.3" });
	expect(link.send({ t: "enrol", code: "ABCD" })).toBe(true);
	expect(await agent.heard("enrol")).toEqual({ t: "enrol", code: "ABCD" });
	expect(agent.malformed).toBe(0);
});

test("comes back whenever the agent does, and is told everything anew", async () => {
	open();
	await heard("opened", "claim");
	agent.drop();
	await heard("opened", "claim", "lost", "opened", "claim");
	await agent.stop();
	await expect.poll(() => said.at(-1)).toBe("lost");
	expect(link.send({ t: "enrol", code: "ABCD" })).toBe(false);
	agent = await SimulatedAgent.start(agent.path);
	await expect.poll(() => said.at(-1)).toBe("claim");
	expect(link.connected).toBe(true);
});

test("waits for an agent that is not there yet", async () => {
	await agent.stop();
	open();
	agent = await SimulatedAgent.start(agent.path);
	await heard("opened", "claim");
});

test("an agent that doesn't greet is given up after five seconds, and tried again", async () => {
	const clock = new ManualClock(Date.now());
	agent.greets = false;
	open(clock);
	await agent.heard("hello");
	clock.advance(5000);
	await expect.poll(() => refused).toEqual(["agent.silent"]);
	await expect.poll(() => agent.rooms).toBe(0);
	agent.greets = true;
	await expect
		.poll(() => {
			clock.advance(2000);
			return link.connected;
		})
		.toBe(true);
	expect(said).toEqual(["opened", "claim"]);
});

describe("what nobody should say", () => {
	test("is refused line by line; what comes after counts, and a newer agent's words are left out", async () => {
		open();
		await heard("opened", "claim");
		agent.write("{\n[]\nnull\n");
		agent.write(line({ t: "claim", claim: { state: "mine" } }));
		agent.write(line({ t: "line", epoch: "soon" }));
		await expect.poll(() => refused).toHaveLength(5);
		agent.write(line({ t: "weather", sunny: true }));
		agent.claim(unclaimed());
		await heard("opened", "claim", "claim");
		expect(refused).toHaveLength(5);
	});
});

test("before a greeting everything is refused", async () => {
	agent.greets = false;
	open();
	await agent.heard("hello");
	agent.write(line({ t: "line", epoch: 1 }));
	await expect.poll(() => refused).toEqual(["agent.hello_missing"]);
	expect(said).toEqual([]);
});

test("an agent of another version is refused, again and again", async () => {
	agent.greets = false;
	open();
	await agent.heard("hello");
	for (let i = 0; i < 20; i++) agent.write(line({ t: "hello", v: 2 }));
	await expect.poll(() => refused.length).toBeGreaterThanOrEqual(20);
	expect(link.connected).toBe(false);
});

test("a line without an end, and a flood of nonsense, end the connection and not the program", async () => {
	open();
	await heard("opened", "claim");
	agent.write("x".repeat(LOCAL_LINE_BYTES + 1));
	await expect.poll(() => refused).toEqual(["lines.too_long"]);
	await heard("opened", "claim", "lost", "opened", "claim");
	refused.length = 0;
	agent.write(line({ t: "claim" }).repeat(100));
	await expect.poll(() => refused.at(-1)).toBe("agent.malformed");
	await expect.poll(() => said.filter((event) => event === "opened").length).toBe(3);
	expect(refused).toHaveLength(21);
});

test("an agent that doesn't read is given up", async () => {
	await agent.stop();
	const sockets = new Set<{ destroy(): void }>();
	const server = createServer((socket) => {
		sockets.add(socket);
		socket.on("error", () => {});
		socket.write(line({ t: "hello", v: 1 }));
		socket.pause();
	});
	server.listen(join(folder, "agent.sock"));
	await once(server, "listening");
	open();
	await expect.poll(() => link.connected).toBe(true);
	const payload = "A".repeat(40_000);
	const message = { t: "send", id: 1, to: "room-munich", payload, expirySeconds: 30 } as const;
	for (let i = 0; i < 200 && link.send(message); i++) await new Promise((resolve) => setImmediate(resolve));
	await expect.poll(() => refused).toContain("agent.slow");
	for (const socket of sockets) socket.destroy();
	await new Promise((resolve) => server.close(resolve));
	agent = await SimulatedAgent.start(join(folder, "agent.sock"));
});

test("what is none of the contract's is not sent", async () => {
	open();
	await heard("opened", "claim");
	expect(link.send({ t: "ringKey", epoch: -1, jws: "" })).toBe(false);
	expect(refused).toEqual(["agent.own_malformed"]);
	expect(agent.said.map(({ t }) => t)).toEqual(["hello"]);
});

test("nothing that an agent says makes it throw", async () => {
	open();
	await heard("opened", "claim");
	await fc.assert(
		fc.asyncProperty(
			fc.oneof(
				fc.json(),
				fc.string(),
				fc.jsonValue().map((value) => line(value)),
			),
			async (text) => {
				agent.write(`${text}\n`);
				agent.claim(unclaimed());
				const before = said.length;
				await expect.poll(() => said.length).toBeGreaterThan(before);
			},
		),
		{ numRuns: 60 },
	);
});
