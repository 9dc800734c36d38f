import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { completion } from "../../../provisioning/cli/completion.ts";
import { exitCodes } from "../../../provisioning/cli/exitCodes.ts";
import type { Call } from "../../../provisioning/cli/FleetCommand.ts";
import { setKey } from "../../../provisioning/cli/fleet/setKey.ts";
import { sinceOf } from "../../../provisioning/cli/fleet/sinceOf.ts";
import { createProgram, type ProgramOptions, runProgram } from "../../../provisioning/cli/program.ts";
import { printable, table } from "../../../provisioning/cli/table.ts";
import { leavesOf } from "../../../provisioning/cli/tree.ts";
import { moment } from "../../../provisioning/contract/http/shapes.ts";

const token = `ict_${"t".repeat(43)}`;
let home: string;
let out: string;
let err: string;
let input: string;
let connected: { fleet: string; token: string }[];
const refuse: Call = () => Promise.reject(new Error("nothing is connected"));

beforeEach(async () => {
	home = await mkdtemp(join(tmpdir(), "incamera-cli-"));
	[out, err, input, connected] = ["", "", "", []];
});
afterEach(() => rm(home, { recursive: true, force: true }));

function options(env: Record<string, string> = {}): ProgramOptions {
	return {
		io: {
			out: (text) => {
				out += text;
			},
			err: (text) => {
				err += text;
			},
			env: { HOME: home, ...env },
			terminal: false,
			columns: 80,
			signal: new AbortController().signal,
		},
		connect: (connection) => {
			connected.push(connection);
			return refuse;
		},
		readInput: async () => input,
		version: "0.1.0",
	};
}
const run = (line: string, env?: Record<string, string>) => runProgram(line.split(" "), options(env));

describe("the command", () => {
	test("explains itself: each command has a summary, and help names the exit codes", async () => {
		for (const { words, command } of leavesOf(createProgram(options()))) {
			expect(command.summary(), words.join(" ")).not.toBe("");
		}
		expect(await run("--help")).toBe(0);
		for (const [, text] of Object.values(exitCodes)) expect(out).toContain(text);
	});

	test("that is misspelt is told what was meant, with exit code 2", async () => {
		expect(await run("fleet rom")).toBe(2);
		expect(err).toContain("room");
	});

	test("needs a token, says how to get one, and takes none as an argument", async () => {
		expect(await run("fleet rooms")).toBe(4);
		expect(err).toMatch(/^cli\.no_token: /);
		expect(err).toContain("incamera fleet login");
		expect(await run(`fleet rooms --token ${token}`)).toBe(2);
		expect(connected).toEqual([]);
	});

	test("keeps address and token where only this user reads them, and uses them", async () => {
		input = `${token}\n`;
		expect(await run("fleet login https://fleet.example/")).toBe(0);
		const file = join(home, ".config", "incamera", "fleet.json");
		expect((await stat(file)).mode & 0o777).toBe(0o600);
		expect(out).not.toContain(token);
		expect(await run("fleet counts")).toBe(1);
		expect(connected).toEqual([{ fleet: "https://fleet.example", token }]);
		const other = { INCAMERA_FLEET: "http://localhost:8080", INCAMERA_TOKEN: `ict_${"u".repeat(43)}` };
		await run("fleet counts", other);
		expect(connected.at(-1)).toEqual({ fleet: other.INCAMERA_FLEET, token: other.INCAMERA_TOKEN });
	});

	test("uses no file that others can read, and no word that is no token", async () => {
		input = token;
		await run("fleet login https://fleet.example");
		const file = join(home, ".config", "incamera", "fleet.json");
		const kept = await readFile(file, "utf8");
		await rm(file);
		await writeFile(file, kept, { mode: 0o644 });
		expect(await run("fleet rooms")).toBe(1);
		expect(err).toContain("cli.settings_open");
		input = "hunter2";
		expect(await run("fleet login https://fleet.example")).toBe(4);
		input = token;
		expect(await run("fleet login ftp://fleet.example")).toBe(2);
	});
});

describe("completion", () => {
	test.each(["bash", "zsh"])("for %s is a script that its shell reads", (shell) => {
		const script = completion(createProgram(options()), shell);
		for (const { words } of leavesOf(createProgram(options()))) expect(script).toContain(words.at(-1));
		if (shell !== "bash") return;
		const asked = `${script}\nCOMP_WORDS=(incamera fleet ro); COMP_CWORD=2; _incamera; echo "\${COMPREPLY[@]}"`;
		expect(spawnSync("bash", ["-c", asked], { encoding: "utf8" }).stdout.trim().split(" ")).toEqual([
			"rooms",
			"room",
			"rollout",
		]);
	});
	test("for another shell is refused", async () => expect(await run("completion fish")).toBe(2));
});

test("the manual page is one that man(1) finds nothing wrong with", async () => {
	expect(await run("man")).toBe(0);
	const { stderr, stdout, error } = spawnSync("groff", ["-man", "-Tutf8", "-ww", "-P-b", "-P-u"], {
		input: out,
		encoding: "utf8",
	});
	// groff is no package of ours: where it is missing the text itself is looked at
	if (error) expect(out).toMatch(/^\.TH INCAMERA 1/);
	else {
		expect(stderr).toBe("");
		expect(stdout).toContain("INCAMERA_TOKEN");
	}
	expect(out.split("\n").filter((line) => /^[.'](?!TH|SH|TP|B |RS|RE)/.test(line))).toEqual([]);
});

describe("a changed key", () => {
	const doc = { room: { name: "Berlin", seats: 4 }, directory: [{ id: "dev-0001", name: "Bonn" }], showTitles: false };
	test("is that key and no other", () => {
		expect(setKey(doc, "room.name=Köln")).toEqual({ ...doc, room: { name: "Köln", seats: 4 } });
		expect(setKey(doc, "showTitles=true")).toEqual({ ...doc, showTitles: true });
		expect(setKey(doc, "directory.0.name=Mainz")).toEqual({ ...doc, directory: [{ id: "dev-0001", name: "Mainz" }] });
		expect(setKey(doc, 'directory.1={"id":"dev-0002"}')).toMatchObject({ directory: [{}, { id: "dev-0002" }] });
		expect(doc.room.name).toBe("Berlin");
	});
	test("that leads nowhere is refused, whatever it is", () => {
		for (const pair of [
			"room",
			"=x",
			"room.x.y=1",
			"directory.7=1",
			"directory.name=x",
			"a b=1",
			"",
			"constructor.x=1",
		]) {
			expect(() => setKey(doc, pair), pair).toThrow(expect.objectContaining({ code: "cli.usage" }));
		}
		fc.assert(
			fc.property(fc.string(), fc.jsonValue(), (key, value) => {
				try {
					setKey(doc, `${key}=${JSON.stringify(value)}`);
				} catch (error) {
					expect(error).toMatchObject({ code: "cli.usage" });
				}
				expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
			}),
		);
	});
});

describe("a table", () => {
	test("stands straight with umlauts and numbers", () => {
		const rows = [
			{ name: "München", seats: 12 },
			{ name: "Ulm", seats: 4 },
		];
		const columns = [
			{ title: "ROOM", of: (row: (typeof rows)[number]) => row.name },
			{ title: "SEATS", of: (row: (typeof rows)[number]) => String(row.seats), right: true },
		];
		expect(table(rows, columns)).toBe("ROOM     SEATS\nMünchen     12\nUlm          4\n");
	});
	test("lets nothing that a device said move the cursor or turn the text round", () => {
		fc.assert(
			fc.property(fc.string({ unit: "binary" }), (text) => {
				expect(printable(text)).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
			}),
		);
		expect(printable("a\u001b[2Jb\u202ec")).toBe("a�[2Jb�c");
	});
});

describe("since when", () => {
	const now = Date.UTC(2026, 10, 26, 8);
	test("is so long ago, or a moment", () => {
		expect(sinceOf("30m", now)).toBe("2026-11-26T07:30:00.000Z");
		expect(sinceOf("24h", now)).toBe("2026-11-25T08:00:00.000Z");
		expect(sinceOf("7d", now)).toBe("2026-11-19T08:00:00.000Z");
		expect(sinceOf("2026-11-23T10:00:00+01:00", now)).toBe("2026-11-23T09:00:00.000Z");
	});
	test("is a moment that the API takes, or refused", () => {
		const text = fc.oneof(
			fc.string(),
			fc.tuple(fc.nat(), fc.constantFrom("m", "h", "d")).map(([n, unit]) => `${n}${unit}`),
		);
		fc.assert(
			fc.property(text, (given) => {
				try {
					expect(moment.safeParse(sinceOf(given, now)).success).toBe(true);
				} catch (error) {
					expect(error).toMatchObject({ code: "cli.usage" });
				}
			}),
		);
	});
});
