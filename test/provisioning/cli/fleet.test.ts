import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../../device/core/clock.ts";
import { silentLog } from "../../../device/core/log.ts";
import { connect } from "../../../provisioning/cli/connect.ts";
import { runProgram } from "../../../provisioning/cli/program.ts";
import { type Scope, scopes } from "../../../provisioning/contract/http/route.ts";
import { FleetApi } from "../../../provisioning/service/api/FleetApi.ts";
import { ApiTokens } from "../../../provisioning/service/api/signIn/ApiTokens.ts";
import { createApp } from "../../../provisioning/service/app.ts";
import { freePort } from "../../../provisioning/service/child/freePort.ts";
import { FleetMetrics } from "../../../provisioning/service/metrics/FleetMetrics.ts";
import type { SimulatedDevice } from "../../sim/fleet/SimulatedDevice.ts";
import { TestFleet } from "../service/fleet/TestFleet.ts";

let folder: string;
let fleet: TestFleet;
let app: FastifyInstance;
let origin: string;
let device: SimulatedDevice;
let abort: AbortController;
let out: string;
let err: string;

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "incamera-cli-fleet-"));
	fleet = await TestFleet.start();
	const port = await freePort("127.0.0.1");
	origin = `http://localhost:${port}`;
	const { database } = fleet;
	app = await createApp({
		guestFolder: folder,
		routes: (server) =>
			FleetApi.register(server, {
				database,
				duties: fleet.duties,
				clock: systemClock,
				log: silentLog,
				origin,
				name: "Test",
				metrics: new FleetMetrics({ db: database.db }),
				firmware: { folder: join(folder, "repository"), url: "https://updates.example/firmware" },
			}),
	});
	await app.listen({ host: "127.0.0.1", port });
});
afterAll(async () => {
	await app?.close();
	await fleet?.close();
	await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
	abort = new AbortController();
});

async function tokenOf(...allowed: Scope[]): Promise<string> {
	const { token } = await new ApiTokens({ db: fleet.db, clock: systemClock }).create(fleet.db, {
		name: "cli",
		scopes: allowed,
		days: 1,
		by: "service",
	});
	return token;
}
/** Runs one command as a program with all scopes; what it printed is in `out` and `err`. */
async function run(args: string[], env: Record<string, string> = {}): Promise<number> {
	[out, err] = ["", ""];
	return runProgram(args, {
		io: {
			out: (text) => {
				out += text;
			},
			err: (text) => {
				err += text;
			},
			env: {
				HOME: folder,
				INCAMERA_FLEET: origin,
				INCAMERA_TOKEN: env["INCAMERA_TOKEN"] ?? (await tokenOf(...scopes)),
			},
			terminal: false,
			columns: 100,
			signal: abort.signal,
		},
		connect,
		readInput: async () => "",
		version: "0.1.0",
	});
}

test("a room is enrolled, seen, changed, asked and shut out, all by the command line", async () => {
	expect(await run(["--json", "fleet", "enrol", "Weser", "--locale", "de", "--time-zone", "Europe/Berlin"])).toBe(0);
	const { code } = JSON.parse(out) as { code: string };
	device = fleet.simulate({ identity: await fleet.enrol(code) });
	device.start();
	await device.claimed;

	await expect.poll(async () => (await run(["fleet", "rooms"])) === 0 && out).toMatch(/dev-\S+ +Weser +free/);
	expect(await run(["fleet", "rooms", "--format", "csv"])).toBe(0);
	expect(out).toMatch(/^"id","name",.*\r\n"dev-\S+","Weser","active","true",.*\r\n$/);
	expect(await run(["fleet", "rooms", "--search", "weser", "--format", "json"])).toBe(0);
	expect(JSON.parse(out)).toMatchObject([{ name: "Weser", online: true }]);
	expect(await run(["fleet", "rooms", "--format", "xml"])).toBe(2);
	expect(await run(["fleet", "codes"])).toBe(0);
	expect(out).toContain("used");
	expect(out).not.toContain(code.slice(5));

	const applied = new Promise<void>((resolve) =>
		device.events.on("applied", () => device.doc?.room.name === "Werre" && resolve()),
	);
	expect(await run(["fleet", "set", device.id, "room.name=Werre", "showTitles=true"])).toBe(0);
	await applied;
	expect(device.doc).toMatchObject({ showTitles: true, room: { name: "Werre", locale: "de" } });
	await expect.poll(async () => (await run(["fleet", "room", device.id])) === 0 && out).toContain("in sync: revision");

	expect(await run(["fleet", "identify", device.id, "--number", "7"])).toBe(0);
	expect(out).toContain("The panel shows 7 now.");

	await device.tell("trouble", { code: "camera.lost", over: false });
	await expect
		.poll(async () => (await run(["fleet", "events"])) === 0 && out)
		.toMatch(/ Werre +trouble +code=camera\.lost/);
	expect(await run(["fleet", "events", device.id, "--kind", "trouble", "--since", "1h"])).toBe(0);
	expect(out).toMatch(/^WHEN +WHAT\n\S+ \S+ +trouble +code=camera\.lost over=false\n$/);
	expect(await run(["--json", "fleet", "events", "--kind", "update.rolled_back"])).toBe(0);
	expect(JSON.parse(out)).toEqual([]);

	expect(await run(["fleet", "revoke", device.id, "--reason", "lost"])).toBe(0);
	expect(await run(["fleet", "identify", device.id])).toBe(6);
	expect(err).toMatch(/^api\.device_gone: /);
	expect(await run(["fleet", "audit", "--verify"])).toBe(0);
	expect(out).toMatch(/whole +yes/);
});

test("what can't be done ends with a code, a next step and an exit code of its own", async () => {
	expect(await run(["fleet", "room", "dev-nothing-here"])).toBe(5);
	expect(await run(["fleet", "set", "dev-nothing-here", "room.name=x"])).toBe(5);
	expect(await run(["fleet", "rooms"], { INCAMERA_TOKEN: `ict_${"x".repeat(43)}` })).toBe(4);
	expect(err).toContain("make a new one in the console");
	expect(await run(["fleet", "audit"], { INCAMERA_TOKEN: await tokenOf("fleet:read") })).toBe(4);
	expect(await run(["fleet", "events", "dev-nothing-here"])).toBe(5);
	for (const [flag, value] of [
		["--since", "soon"],
		["--since", "-7d"],
		["--kind", "coffee"],
	] as const) {
		expect(await run(["fleet", "events", flag, value])).toBe(2);
	}
	expect(await run(["fleet", "revoke", "dev-nothing-here"])).toBe(2);
	expect(await run(["fleet", "enrol", "x", "--seats", "0"])).toBe(2);
});

test("a rollout takes size and digest from the bundle, and is paused and cancelled", async () => {
	const bundle = join(folder, "bundle.raucb");
	await writeFile(bundle, "firmware");
	const room = await fleet.device({ name: "Elbe" });
	const create = [
		"fleet",
		"rollout",
		"create",
		"Winter",
		"--firmware",
		"9.0.0",
		"--url",
		"https://updates.example/9.raucb",
		"--file",
		bundle,
	];
	expect(await run(["--json", ...create])).toBe(0);
	const { id, spec } = JSON.parse(out) as { id: string; spec: { digest: string; bytes: number } };
	expect(spec).toMatchObject({ bytes: 8, digest: "c3bf47ea1f4a4a605470313cacb3a44f4a461f68c6faeab07e737610cb5ac835" });
	expect(await run(create)).toBe(6);
	expect(err).toContain("api.rollout_running");
	expect(await run(["fleet", "rollout", "pause", id])).toBe(0);
	expect(out).toContain("paused");
	expect(await run(["fleet", "rollout", "devices", id])).toBe(0);
	expect(out).toContain(room.id);
	expect(await run(["fleet", "rollout", "cancel", id])).toBe(0);
	expect(await run(["fleet", "rollout", "resume", id])).toBe(6);
	expect(await run([...create.slice(0, -1), join(folder, "none")])).toBe(1);
	expect(err).toContain("cli.file_unreadable");
});

test("a rollout takes what the image repository has, and nothing that it hasn't", async () => {
	const byVersion = (version: string) => ["--json", "fleet", "rollout", "create", "Spring", "--firmware", version];
	expect(await run(byVersion("9.1.0"))).toBe(1);
	expect(err).toContain("api.no_repository");
	const bundle = join(folder, "9.1.0.raucb");
	await writeFile(bundle, "published");
	const repo = ["image", "repo"];
	const keys = ["--keys", join(folder, "keys")];
	expect(await run([...repo, "init", join(folder, "repository"), "--development", ...keys])).toBe(0);
	expect(await run([...repo, "publish", join(folder, "repository"), bundle, "--firmware", "9.1.0", ...keys])).toBe(0);
	expect(await run(byVersion("9.2.0"))).toBe(5);
	expect(err).toContain("cli.not_published");
	await fleet.device({ name: "Oder" });
	expect(await run(byVersion("9.1.0"))).toBe(0);
	const { id, spec } = JSON.parse(out) as { id: string; spec: { digest: string; bytes: number; url: string } };
	expect(spec).toMatchObject({ bytes: 9, url: `https://updates.example/firmware/${spec.digest}.raucb` });
	expect(await run(["fleet", "rollout", "cancel", id])).toBe(0);
});

test("simulated devices enrol and stay until Ctrl-C", async () => {
	const running = run(["fleet", "simulate", "--devices", "2", "--bootstrap", fleet.broker.bootstrapUrl as string]);
	const online = () =>
		fleet.db
			.selectFrom("devices")
			.select("id")
			.where("model", "=", "Simulated")
			.where("online", "=", true)
			.where("state", "=", "active")
			.execute();
	await expect.poll(async () => (await online()).length).toBe(2);
	abort.abort();
	expect(await running).toBe(0);
	await expect.poll(async () => (await online()).length).toBe(0);
});
