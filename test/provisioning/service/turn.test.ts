import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ManualClock } from "../../../device/core/clock.ts";
import { startTurn, type Turn } from "../../../provisioning/service/turn/coturn.ts";
import { TurnCredentials } from "../../../provisioning/service/turn/TurnCredentials.ts";
import { TurnClient } from "../../sim/turn/TurnClient.ts";

let turn: Turn;
beforeAll(async () => {
	turn = await startTurn();
});
afterAll(() => turn?.close());

const issue = (options: { lifetimeSeconds?: number; secret?: string } = {}) => {
	const { username = "", credential = "" } = new TurnCredentials({
		urls: turn.urls,
		secret: turn.secret,
		...options,
	}).issue();
	return { username, credential };
};
async function allocate(credential: { username: string; credential: string }) {
	const client = await TurnClient.open("127.0.0.1", turn.port, credential);
	return { client, ...(await client.allocate()) };
}

test("coturn relays a datagram for somebody with credentials of the service", async () => {
	const { client, relayed } = await allocate(issue());
	expect(relayed).toMatchObject({ host: "127.0.0.1" });
	const peer = createSocket("udp4");
	peer.bind(0, "127.0.0.1");
	await once(peer, "listening");
	const { port } = peer.address();
	expect(await client.permit("127.0.0.1", port)).toBeNull();
	const arrived = once(peer, "message") as Promise<[Buffer, { port: number }]>;
	const repeat = setInterval(() => client.send("127.0.0.1", port, Buffer.from("through the relay")), 200);
	client.send("127.0.0.1", port, Buffer.from("through the relay"));
	const [data, from] = await arrived;
	clearInterval(repeat);
	expect(String(data)).toBe("through the relay");
	expect(from.port).toBe(relayed?.port);
	peer.close();
	client.close();
});

test("coturn refuses credentials that are forged, altered or expired", async () => {
	const good = issue();
	const later = `${Number(good.username.split(":")[0]) + 86_400}:${good.username.split(":")[1]}`;
	for (const bad of [issue({ secret: "another" }), { ...good, username: later }, issue({ lifetimeSeconds: -60 })]) {
		const { client, relayed, error } = await allocate(bad);
		expect(relayed).toBeNull();
		expect(error).toBe(401);
		client.close();
	}
});

test.each(["10.0.0.1", "192.168.1.1", "169.254.169.254", "8.8.8.8", "0.0.0.0", "127.0.0.2"])(
	"the relay is no way to %s",
	async (host) => {
		const { client } = await allocate(issue());
		expect(await client.permit(host, 80)).toBe(403);
		client.close();
	},
);

test("a credential is the draft's: expiry and random, signed with the secret, another one each time", () => {
	const clock = new ManualClock(1_800_000_000_000);
	const source = new TurnCredentials({ urls: ["turn:x"], secret: "north", lifetimeSeconds: 600, clock });
	const [a, b] = [source.issue(), source.issue()];
	expect(a.username).toMatch(/^1800000600:[0-9a-f]{18}$/);
	expect(a.username).not.toBe(b.username);
	expect(Buffer.from(a.credential ?? "", "base64")).toHaveLength(20);
});

test("never runs as root, keeps its secret out of the process list", async () => {
	const status = await readFile(`/proc/${turn.pid}/status`, "utf8");
	expect(status).toMatch(/^Name:\s+turnserver/m);
	expect(/^Uid:\s+(\d+)/m.exec(status)?.[1]).not.toBe("0");
	expect(await readFile(`/proc/${turn.pid}/cmdline`, "utf8")).not.toContain(turn.secret);
});

test("names what stands in the way", async () => {
	const other = createServer().listen(0, "127.0.0.1");
	await once(other, "listening");
	const port = (other.address() as { port: number }).port;
	await expect(startTurn({ port })).rejects.toMatchObject({ code: "turn.port_taken", context: { port } });
	other.close();
});
