import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { runProgram } from "../../../../provisioning/cli/program.ts";
import { LOCAL_DOOR, type LocalInvitation } from "../../../../provisioning/contract/http/localDoor.ts";
import { LocalDoor } from "../../../../provisioning/service/api/LocalDoor.ts";
import { TestDatabases } from "../db/TestDatabase.ts";
import { ORIGIN, TestApi } from "./TestApi.ts";

let databases: TestDatabases;
let api: TestApi;
let stateFolder: string;
let door: LocalDoor;
let out: string;
let err: string;
beforeAll(async () => {
	databases = await TestDatabases.start();
});
afterAll(() => databases?.close());
beforeEach(async () => {
	api = await TestApi.start(await databases.fresh());
	stateFolder = await mkdtemp(join(tmpdir(), "incamera-door-"));
	door = await LocalDoor.open({ stateFolder, invite: (role) => api.fleet.invite(role) });
	[out, err] = ["", ""];
});
afterEach(async () => {
	await door?.close();
	await api?.close();
	await rm(stateFolder, { recursive: true, force: true });
});

const run = (...words: string[]) =>
	runProgram(["--json", "fleet", "invite", ...words], {
		io: {
			out: (line) => {
				out += line;
			},
			err: (line) => {
				err += line;
			},
			env: {},
			terminal: false,
			columns: 80,
			signal: new AbortController().signal,
		},
		connect: () => () => Promise.reject(new Error("no API is needed")),
		readInput: async () => "",
		version: "0.1.0",
	});

async function send(
	method: string,
	path: string,
	body: string,
): Promise<{ status: number | undefined; body: unknown }> {
	const asked = request({ socketPath: join(stateFolder, LOCAL_DOOR), method, path });
	asked.end(body);
	const [response] = (await once(asked, "response")) as [IncomingMessage];
	return { status: response.statusCode, body: JSON.parse(await text(response)) };
}

test("who has the machine gets a link for an admin, or somebody else", async () => {
	expect(await run("--local", stateFolder)).toBe(0);
	const { url } = JSON.parse(out) as LocalInvitation;
	const [page, invitation] = url.split("#/invite/");
	expect(page).toBe(`${ORIGIN}/console/`);
	const headers = { origin: ORIGIN };
	const begun = await api.call("POST", "/registration/options", { headers, body: { invitation, name: "Ada" } });
	expect(begun).toMatchObject({ status: 200 });
	expect(await run("--local", stateFolder, "--role", "dpo")).toBe(0);
	const made = await api.db.selectFrom("invitations").select(["role", "created_by"]).orderBy("created_at").execute();
	expect(made.map(({ role }) => role).sort()).toEqual(["dpo", "fleet_admin"]);
	expect(new Set(made.map(({ created_by }) => created_by))).toEqual(new Set(["service"]));
	const told = await api.db.selectFrom("audit").select(["actor", "action"]).execute();
	expect(told).toEqual(Array.from({ length: 2 }, () => ({ actor: "service", action: "person.invite" })));
});

test("another account may not even look for it", async () => {
	expect((await stat(dirname(join(stateFolder, LOCAL_DOOR)))).mode & 0o777).toBe(0o700);
	if (process.getuid?.() !== 0) return;
	const child = execFile("setpriv", ["--reuid=65534", "--clear-groups", "ls", join(stateFolder, LOCAL_DOOR)]);
	const [code] = (await once(child, "exit")) as [number];
	expect(code).not.toBe(0);
});

test("is misspelt, or no service is there: an exit code and a next step", async () => {
	expect(await run("--local", stateFolder, "--role", "king")).toBe(2);
	expect(await run()).toBe(2);
	await door.close();
	err = "";
	expect(await run("--local", stateFolder)).toBe(3);
	expect(err).toMatch(/^local\.unreachable: .*\n.*stateFolder/);
});

test("takes nothing else", async () => {
	expect(await send("GET", "/invitations", "")).toMatchObject({ status: 404 });
	expect(await send("POST", "/people", "{}")).toMatchObject({ status: 404 });
	for (const body of [
		"",
		"{",
		"{}",
		"[]",
		'{"role":"king"}',
		'{"role":"viewer","by":"person:1"}',
		`"${"x".repeat(5000)}"`,
	]) {
		expect(await send("POST", "/invitations", body)).toMatchObject({ status: 400, body: { code: "api.malformed" } });
	}
	expect(await api.db.selectFrom("invitations").select("id").execute()).toEqual([]);
});

test("a service that was killed leaves nothing in the way; of two on one folder one answers", async () => {
	const second = await LocalDoor.open({ stateFolder, invite: () => Promise.reject(new Error("not this one")) });
	expect(await run("--local", stateFolder)).toBe(0);
	await second.close();
	expect(await run("--local", stateFolder)).toBe(0);
	await door.close();
	await writeFile(join(stateFolder, LOCAL_DOOR), "");
	door = await LocalDoor.open({ stateFolder, invite: (role) => api.fleet.invite(role) });
	expect(await run("--local", stateFolder)).toBe(0);
});

test("a path that no socket can have is said at the start", async () => {
	const deep = join(stateFolder, "x".repeat(120));
	await expect(LocalDoor.open({ stateFolder: deep, invite: (role) => api.fleet.invite(role) })).rejects.toMatchObject({
		code: "service.local_door_failed",
	});
});
