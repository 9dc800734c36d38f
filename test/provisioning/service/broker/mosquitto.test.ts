import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import mqtt, { type MqttClient } from "mqtt";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { topics } from "../../../../provisioning/contract/topics.ts";
import { type Broker, startBroker } from "../../../../provisioning/service/broker/mosquitto.ts";
import { type Credentials, type FleetCa, openCa } from "../../../../provisioning/service/ca/FleetCa.ts";

let folder: string;
let ca: FleetCa;
let broker: Broker;
const clients: MqttClient[] = [];

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "incamera-broker-test-"));
	ca = await openCa(join(folder, "ca"));
	broker = await startBroker({ ca });
});
afterEach(async () => {
	for (const client of clients.splice(0)) await client.endAsync(true);
});
afterAll(async () => {
	await broker?.close();
	await rm(folder, { recursive: true, force: true });
});

const connect = async (identity: Partial<Credentials>, options: mqtt.IClientOptions = {}): Promise<MqttClient> => {
	const client = await mqtt.connectAsync(broker.url, {
		ca: ca.certificate,
		...(identity.key ? { key: identity.key } : {}),
		...(identity.certificate ? { cert: identity.certificate } : {}),
		protocolVersion: 5,
		reconnectPeriod: 0,
		connectTimeout: 5000,
		...options,
	});
	clients.push(client);
	return client;
};
const closing = (client: MqttClient) => new Promise<void>((resolve) => client.once("close", () => resolve()));
const gone = async (pid: number): Promise<void> => {
	await expect.poll(async () => (await stateOf(pid)) ?? "gone").toMatch(/^(gone|Z)/);
};
const stateOf = async (pid: number): Promise<string | null> => {
	try {
		return /^State:\s+(\S)/m.exec(await readFile(`/proc/${pid}/status`, "utf8"))?.[1] ?? null;
	} catch {
		return null;
	}
};

test("a room rings another under its own name only; who it claims to be counts for nothing", async () => {
	const [berlin, munich] = await Promise.all([ca.issueDevice("room-berlin"), ca.issueDevice("room-munich")]);
	const a = await connect(berlin, { clientId: "room-munich", username: "room-munich" });
	const b = await connect(munich);
	const heard: string[] = [];
	b.on("message", (topic) => heard.push(topic));
	await b.subscribeAsync(["ic/1/#"], { qos: 1 });
	await expect(a.publishAsync(topics.ring("room-munich", "room-munich"), "forged", { qos: 1 })).rejects.toThrow(
		/authori[sz]ed/,
	);
	await expect(a.publishAsync(topics.presence("room-munich"), "forged", { qos: 1 })).rejects.toThrow(/authori[sz]ed/);
	await expect(a.publishAsync("ic/1/d/room-berlin/twin/desired", "forged", { qos: 1 })).rejects.toThrow(
		/authori[sz]ed/,
	);
	await a.publishAsync(topics.ring("room-munich", "room-berlin"), "true", { qos: 1 });
	await expect.poll(() => heard).toEqual([topics.ring("room-munich", "room-berlin")]);
});

test("a room hears its own rings and everybody's presence, and no other room's rings, whatever it subscribes to", async () => {
	const [berlin, munich, spy] = await Promise.all(
		["room-berlin", "room-munich", "room-nosy"].map((id) => ca.issueDevice(id)),
	);
	const [a, b, c] = [await connect(berlin!), await connect(munich!), await connect(spy!)];
	const heard: string[] = [];
	c.on("message", (topic) => heard.push(topic));
	await c.subscribeAsync(["#", topics.ring("room-munich", "+"), "$SYS/#"], { qos: 1 });
	await b.subscribeAsync(topics.rings("room-munich"), { qos: 1 });
	await a.publishAsync(topics.ring("room-munich", "room-berlin"), "x", { qos: 1 });
	await a.publishAsync(topics.presence("room-berlin"), "x", { qos: 1 });
	await a.publishAsync(topics.ring("room-nosy", "room-berlin"), "x", { qos: 1 });
	await expect.poll(() => heard.at(-1)).toBe(topics.ring("room-nosy", "room-berlin"));
	expect([...new Set(heard)].sort()).toEqual(
		[topics.presence("room-berlin"), topics.ring("room-nosy", "room-berlin")].sort(),
	);
});

test("takes nobody without a certificate of this fleet for a client", async () => {
	const foreign = await (await openCa(join(folder, "foreign"))).issueDevice("room-berlin");
	await expect(connect({})).rejects.toThrow();
	await expect(connect(foreign)).rejects.toThrow();
	await expect(connect(await ca.issueServer(["127.0.0.1"]))).rejects.toThrow();
	await connect(await ca.issueDevice("room-berlin"));
});

test("a client refuses a broker of another fleet, and a room that plays the broker's part", async () => {
	const other = await openCa(join(folder, "other"));
	await expect(connect(await ca.issueDevice("room-berlin"), { ca: other.certificate })).rejects.toThrow(/certificate/);
	await expect(connect(await ca.issueDevice("room-berlin"), { servername: "elsewhere.example" })).rejects.toThrow();
});

test("a revoked certificate is refused from the published list on, and others still get in", async () => {
	const stolen = await ca.issueDevice("room-stolen");
	const client = await connect(stolen);
	await client.endAsync(true);
	await ca.revoke(stolen.serial);
	await broker.publishRevocations();
	await expect
		.poll(async () => {
			try {
				await (await connect(stolen)).endAsync(true);
				return "let in";
			} catch {
				return "refused";
			}
		})
		.toBe("refused");
	await connect(await ca.issueDevice("room-berlin"));
});

test("a payload above the bus's size is refused", async () => {
	const [berlin, munich] = await Promise.all([ca.issueDevice("room-berlin"), ca.issueDevice("room-munich")]);
	const [a, b] = [await connect(berlin), await connect(munich)];
	let heard = 0;
	b.on("message", () => heard++);
	await b.subscribeAsync(topics.presence("room-berlin"), { qos: 1 });
	const closed = closing(a);
	a.publish(topics.presence("room-berlin"), "x".repeat(40_000), { qos: 1 });
	await closed;
	expect(heard).toBe(0);
});

test("never runs as root, and its files are for nobody else", async () => {
	const status = await readFile(`/proc/${broker.pid}/status`, "utf8");
	expect(status).toMatch(/^Name:\s+mosquitto/m);
	expect(/^Uid:\s+(\d+)/m.exec(status)?.[1]).not.toBe("0");
	expect(status).toMatch(/^NoNewPrivs:\s+1/m);
	expect(status).toMatch(/^CapEff:\s+0+$/m);
});

test("comes back by itself after a crash, on the same port", async () => {
	const pid = broker.pid as number;
	const client = await connect(await ca.issueDevice("room-berlin"));
	const closed = closing(client);
	process.kill(pid, "SIGKILL");
	await closed;
	await expect
		.poll(
			async () => {
				try {
					await connect(await ca.issueDevice("room-berlin"));
					return true;
				} catch {
					return false;
				}
			},
			{ timeout: 20_000 },
		)
		.toBe(true);
	expect(broker.pid).not.toBe(pid);
});

test("leaves nothing behind: no process, no file", async () => {
	const before = await runFolders();
	const other = await startBroker({ ca });
	const pid = other.pid as number;
	const created = (await runFolders()).filter((name) => !before.includes(name));
	expect(created).not.toHaveLength(0);
	await other.close();
	await other.close();
	await gone(pid);
	for (const name of created) {
		// Another run of these tests may have made a folder meanwhile: only ours must be gone, and it is the one with our port.
		const config = await readFile(join(tmpdir(), name, "mosquitto.conf"), "utf8").catch(() => "");
		expect(config).not.toContain(`listener ${other.port} `);
	}
});

test("dies with the program that started it, however that ends", async () => {
	const program = `
		import { openCa } from ${JSON.stringify(new URL("../../../../provisioning/service/ca/FleetCa.ts", import.meta.url).href)};
		import { startBroker } from ${JSON.stringify(new URL("../../../../provisioning/service/broker/mosquitto.ts", import.meta.url).href)};
		const broker = await startBroker({ ca: await openCa(${JSON.stringify(join(folder, "ca-of-child"))}) });
		console.log(broker.pid);
		setInterval(() => {}, 1000);
	`;
	const ownTmp = await mkdtemp(join(tmpdir(), "incamera-broker-tmp-"));
	await chmod(ownTmp, 0o755);
	const child: ChildProcess = spawn(process.execPath, ["--input-type=module-typescript", "-e", program], {
		stdio: ["ignore", "pipe", "inherit"],
		env: { ...process.env, TMPDIR: ownTmp },
	});
	const [line] = (await once(child.stdout!, "data")) as [Buffer];
	const pid = Number(String(line).trim());
	expect(await stateOf(pid)).not.toBeNull();
	child.kill("SIGKILL");
	await gone(pid);
	await rm(ownTmp, { recursive: true, force: true });
});

test("names what stands in the way", async () => {
	const other = createServer().listen(0, "127.0.0.1");
	await once(other, "listening");
	const port = (other.address() as { port: number }).port;
	await expect(startBroker({ ca, port })).rejects.toMatchObject({ code: "broker.port_taken", context: { port } });
	other.close();
});

const runFolders = async (): Promise<string[]> =>
	(await readdir(tmpdir())).filter((name) => /^incamera-broker-[^-]{6}$/.test(name));
