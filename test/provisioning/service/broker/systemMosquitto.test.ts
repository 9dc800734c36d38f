import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { type FSWatcher, watch } from "node:fs";
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import mqtt from "mqtt";
import { afterEach, beforeEach, expect, test } from "vitest";
import { topics } from "../../../../provisioning/contract/topics.ts";
import { openSystemBroker, type SystemBrokerOptions } from "../../../../provisioning/service/broker/systemMosquitto.ts";
import { type Credentials, type FleetCa, openCa } from "../../../../provisioning/service/ca/FleetCa.ts";
import { freePort } from "../../../../provisioning/service/child/freePort.ts";
import { type Account, unprivileged } from "../../../../provisioning/service/child/unprivileged.ts";

const listens = (port: number) =>
	new Promise<boolean>((resolve) => {
		const socket = connectTcp(port, "127.0.0.1");
		socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
		socket.once("connect", () => socket.destroy());
	});

/** What systemd does with our units: a mosquitto of another account that reads its files by its group, and the path units. */
class Unit {
	readonly log: string[] = [];
	readonly #folder: string;
	readonly #account: Account | null;
	readonly #watcher: FSWatcher;
	#child: ChildProcess | null = null;
	#work: Promise<void> = Promise.resolve();
	readonly #obeyed = new Map<string, string>();
	/** Signals arrive, and nothing comes of them. */
	deaf = false;

	constructor(folder: string, account: Account | null) {
		this.#folder = folder;
		this.#account = account;
		this.#watcher = watch(folder, (_event, name) => {
			if (name !== "reload" && name !== "restart") return;
			this.#work = this.#work.then(() => this.#obey(name));
		});
	}

	/** The kernel may tell of one change more than once. */
	async #obey(name: "reload" | "restart"): Promise<void> {
		const wish = await readFile(join(this.#folder, name), "utf8").catch(() => "");
		if (wish === "" || wish === this.#obeyed.get(name)) return;
		this.#obeyed.set(name, wish);
		this.log.push(name);
		if (this.deaf) return;
		await (name === "restart" ? this.#restart() : this.#reload());
	}

	async #reload(): Promise<void> {
		if (this.#child?.exitCode === null && this.#child.signalCode === null) this.#child.kill("SIGHUP");
		else await this.#restart();
	}

	async #restart(): Promise<void> {
		await this.#stop();
		const account = this.#account;
		const drop = account ? [`--reuid=${account.uid}`, `--regid=${account.gid}`, "--clear-groups"] : [];
		const args = [...drop, "--pdeathsig=KILL", "--", "mosquitto", "-c", join(this.#folder, "mosquitto.conf")];
		this.#child = spawn("setpriv", args, { stdio: "ignore" });
		await once(this.#child, "spawn");
		// Debian's unit is of type notify: a signal for a broker that just starts waits until it listens. Before, it would end it.
		const listener = /^listener (\d+)/m.exec(await readFile(join(this.#folder, "mosquitto.conf"), "utf8"));
		while (this.#child.exitCode === null && !(await listens(Number(listener?.[1])))) {
			await new Promise((resolve) => setTimeout(resolve, 10));
		}
	}

	async #stop(): Promise<void> {
		const child = this.#child;
		if (!child || child.exitCode !== null || child.signalCode !== null) return;
		const gone = once(child, "exit");
		child.kill("SIGTERM");
		await gone;
	}

	async close(): Promise<void> {
		this.#watcher.close();
		await this.#work;
		await this.#stop();
	}
}

let root: string;
let ca: FleetCa;
let options: SystemBrokerOptions;
let units: Unit[];
const clients: mqtt.MqttClient[] = [];

beforeEach(async () => {
	root = await mkdtemp(join(tmpdir(), "incamera-system-broker-"));
	await chmod(root, 0o711);
	ca = await openCa(join(root, "ca"));
	const account = await unprivileged("mosquitto");
	const made = async (name: string, mode: number) => {
		const folder = join(root, name);
		await mkdir(folder);
		if (account) await chown(folder, mode === 0o700 ? account.uid : 0, account.gid);
		await chmod(folder, mode);
		return folder;
	};
	units = [new Unit(await made("devices", 0o2750), account), new Unit(await made("bootstrap", 0o2750), account)];
	options = {
		ca,
		folder: root,
		host: "127.0.0.1",
		port: await freePort("127.0.0.1"),
		servicePort: await freePort("127.0.0.1"),
		bootstrap: { port: await freePort("127.0.0.1") },
		dataFolder: await made("data", 0o700),
	};
});
afterEach(async () => {
	for (const client of clients.splice(0)) await client.endAsync(true);
	for (const unit of units) await unit.close();
	await rm(root, { recursive: true, force: true });
});
const connect = async (url: string, { key, certificate }: Credentials, clientId?: string) => {
	const client = await mqtt.connectAsync(url, {
		...{ ca: ca.certificate, key, cert: certificate, protocolVersion: 5, reconnectPeriod: 0 },
		...(clientId ? { clientId } : {}),
	});
	client.on("error", () => {});
	clients.push(client);
	return client;
};

test("writes the files, has the units started, revokes, and leaves the broker running when it goes", async () => {
	const broker = await openSystemBroker(options);
	const stolen = await ca.issueDevice("room-stolen");
	const device = await connect(broker.url, stolen);
	const out = new Promise<void>((resolve) => device.once("close", () => resolve()));
	await ca.revoke(stolen.serial);
	await broker.revoke("room-stolen");
	await out;
	await expect(connect(broker.url, stolen)).rejects.toMatchObject({ code: expect.stringMatching(/REVOKED/) });
	const [certificate] = await broker.bootstrapCertificates();
	expect(certificate?.length).toBeGreaterThan(100);
	await broker.close();
	await connect(broker.url, await ca.issueDevice("room-berlin"));
});

test("files are for the brokers' group and nobody else", async () => {
	await (await openSystemBroker(options)).close();
	for (const part of ["devices", "bootstrap"]) {
		const folder = await stat(join(root, part));
		for (const name of await readdir(join(root, part))) {
			const file = await stat(join(root, part, name));
			expect([name, file.mode & 0o777, file.gid]).toEqual([name, 0o640, folder.gid]);
		}
	}
});

test("a service that starts again does not end what devices have: the files are read again, no more", async () => {
	await (await openSystemBroker(options)).close();
	const worker = await connect(`mqtts://127.0.0.1:${options.servicePort}`, await ca.issueWorker(1), "fleet-service-1");
	let lost = 0;
	worker.on("close", () => lost++);
	const [devices] = units as [Unit];
	devices.log.length = 0;
	const again = await openSystemBroker(options);
	expect(devices.log).not.toContain("restart");
	await worker.publishAsync(topics.twinDesired("room-berlin"), "x", { qos: 1, retain: true });
	expect(lost).toBe(0);
	await again.close();
	// Other ports need a restart, and what is retained outlives it.
	const moved = await openSystemBroker({ ...options, port: await freePort("127.0.0.1") });
	expect(devices.log).toContain("restart");
	const device = await connect(moved.url, await ca.issueDevice("room-berlin"));
	const heard = new Promise<string>((resolve) => device.once("message", (_topic, payload) => resolve(String(payload))));
	await device.subscribeAsync(topics.twinDesired("room-berlin"), { qos: 1 });
	expect(await heard).toBe("x");
	await moved.close();
});

test("units that are not there, and a folder that is not, are told apart", async () => {
	for (const unit of units) unit.deaf = true;
	await expect(openSystemBroker({ ...options, readyMs: 300 })).rejects.toMatchObject({ code: "broker.not_ready" });
	await expect(openSystemBroker({ ...options, folder: join(root, "nowhere") })).rejects.toMatchObject({
		code: "broker.folder_missing",
	});
});

test("a reload that never comes is found out", async () => {
	const broker = await openSystemBroker({ ...options, heedMs: 300 });
	for (const unit of units) unit.deaf = true;
	await ca.renewCrl();
	await expect(broker.publishRevocations()).rejects.toMatchObject({ code: "broker.revocations_unheeded" });
	await broker.close();
});

test("the units are what systemd understands", async () => {
	const folder = join(import.meta.dirname, "../../../../provisioning/service/systemd");
	const units = (await readdir(folder)).filter((name) => /\.(service|path)$/.test(name));
	expect(units.length).toBeGreaterThan(6);
	for (const name of units) {
		const run = promisify(execFile)("systemd-analyze", [
			"verify",
			"--man=no",
			"--recursive-errors=no",
			join(folder, name),
		]);
		// Programs and accounts of an installation are not here; a misspelt line is.
		const { stderr } = await run.catch((error: { stderr: string }) => error);
		const ours = stderr.split("\n").filter((line) => line.includes(folder));
		expect(ours.filter((line) => /Unknown|Failed to parse|Invalid|ignoring/i.test(line))).toEqual([]);
	}
});
