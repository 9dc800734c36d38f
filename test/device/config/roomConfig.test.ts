import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { loadRoomConfig } from "../../../device/config/loadRoomConfig.ts";
import { parseRoomConfig } from "../../../device/config/parseRoomConfig.ts";
import { roomConfig } from "../../../device/config/RoomConfig.ts";
import { suggest } from "../../../device/config/suggest.ts";

const example = new URL("../../../device/config/room.example.yaml", import.meta.url).pathname;
const minimal = { panel: { port: 8081 }, state: "state" };

function parsed(change: Record<string, unknown> = {}) {
	const result = parseRoomConfig(stringify({ ...minimal, ...change }));
	if (!result.ok) throw new Error(JSON.stringify(result.problems));
	return result.config;
}

/** The problems as `line:column key message`. */
function problems(text: string): string[] {
	const result = parseRoomConfig(text);
	return result.ok
		? []
		: result.problems.map(({ line, column, key, message }) => `${line}:${column} ${key} ${message}`);
}
const problemsOf = (change: Record<string, unknown>) =>
	problems(stringify({ ...minimal, ...change })).map((line) => line.replace(/^\d+:\d+ /, ""));

describe("a room's configuration", () => {
	test("the example is valid, and so complete that it names every key", async () => {
		const text = await readFile(example, "utf8");
		const result = parseRoomConfig(text);
		expect(result).toMatchObject({ ok: true });
		for (const key of Object.keys(roomConfig._zod.def.shape)) expect(text).toMatch(new RegExp(`^${key}:`, "m"));
	});

	test("needs little; the rest is protective", () => {
		expect(parsed()).toEqual({
			...minimal,
			panel: { host: "127.0.0.1", port: 8081, names: [] },
			agent: "/run/incamera/agent.sock",
			devices: { camera: "auto", microphone: "auto", speaker: "auto", display: "auto" },
		});
	});

	test("devices are chosen in the engine's words", () => {
		const devices = { camera: { device: "v4l2:/dev/video2" }, microphone: { file: "tone.wav" }, speaker: "none" };
		expect(parsed({ devices }).devices).toEqual({
			camera: "device:v4l2:/dev/video2",
			microphone: "file:tone.wav",
			speaker: "none",
			display: "auto",
		});
	});

	test("and by nothing else", () => {
		expect(
			problemsOf({ devices: { camera: "best", microphone: { name: "x" }, speaker: "synthetic", display: "big" } }),
		).toEqual([
			"devices.camera must be auto, none, synthetic, {device: …} or {file: …}",
			"devices.microphone must be auto, none, synthetic, {device: …} or {file: …}",
			"devices.speaker must be auto, none or {device: …}",
			"devices.display must be auto or none",
		]);
	});

	test("all problems come at once, each with its place, in the order of the file", () => {
		const text = [
			"panel:",
			"  prot: 8081",
			"  host: the panel",
			"agnet: /run/agent.sock",
			"calendar: {ics: ''}",
			"devices: {camera: best, mircophone: auto}",
			"sate: state",
			"encryption: off",
			"name: Berlin",
		].join("\n");
		expect(problems(text)).toEqual([
			"1:1 panel.port is missing",
			"1:1 state is missing",
			"2:3 panel.prot is not known; did you mean port?",
			"3:3 panel.host must be an address to listen on",
			"4:1 agnet is not known; did you mean agent?",
			"5:12 calendar.ics must not be empty",
			"6:11 devices.camera must be auto, none, synthetic, {device: …} or {file: …}",
			"6:25 devices.mircophone is not known; did you mean microphone?",
			"7:1 sate is not known; did you mean state?",
			"8:1 encryption is not known",
			"9:1 name is not known",
		]);
	});

	test("a panel on a network needs a pairing secret that can't be guessed", () => {
		expect(problemsOf({ panel: { port: 1, host: "0.0.0.0" } })).toEqual([
			"panel.pairing is needed where the panel listens on a network",
		]);
		expect(problemsOf({ panel: { port: 1, host: "0.0.0.0", pairing: "short" } })).toHaveLength(1);
		expect(problemsOf({ panel: { port: 1, host: "0.0.0.0", pairing: "x".repeat(22) } })).toEqual([]);
		expect(problemsOf({ panel: { port: 1, host: "127.0.0.2" } })).toEqual([]);
	});

	test("no key reaches the encryption of calls, the gate or the sources", () => {
		const keys: string[] = [];
		const walk = (schema: unknown, at: string): void => {
			const def = (schema as { _zod: { def: Record<string, unknown> } })._zod.def;
			for (const inner of ["innerType", "element", "in"]) if (def[inner]) walk(def[inner], at);
			for (const [key, value] of Object.entries((def["shape"] as Record<string, unknown>) ?? {})) {
				keys.push(`${at}${key}`);
				walk(value, `${at}${key}.`);
			}
		};
		walk(roomConfig, "");
		// The whole list, so that whoever adds a key thinks of this.
		expect(keys.sort()).toEqual(
			[
				...["agent", "calendar", "calendar.ics", "state"],
				...["panel", "panel.host", "panel.names", "panel.pairing", "panel.port"],
				...["devices", "devices.camera", "devices.display", "devices.microphone", "devices.speaker"],
			].sort(),
		);
	});
});

describe("YAML that is none", () => {
	test.each([
		["a: 1\na: 2", "2:1  a key is there twice"],
		["panel:\n\tport: 1", "2:1  a tab can't indent; use spaces"],
		["name: 'x", "1:9  a quote, bracket or colon is missing"],
		["a: 1\n---\nb: 2", "2:1  only one document is read"],
	])("%j", (text, first) => {
		expect(problems(text)[0]).toBe(first);
	});

	test("an empty file lacks everything; a list is no configuration", () => {
		expect(problems("")).toContain("1:1 state is missing");
		expect(problems("- a")).toEqual(["1:1  must be a group of keys"]);
		expect(problems("just words")).toEqual(["1:1  must be a group of keys"]);
	});

	test("aliases can't blow it up", () => {
		const laughs = Array.from({ length: 20 }, (_, at) => `a${at + 1}: &a${at + 1} [${`*a${at},`.repeat(9)}]`);
		expect(problems(`a0: &a0 [x]\n${laughs.join("\n")}`)).toEqual(["1:1  has too many aliases"]);
	});

	test("no value is ever repeated in a problem", () => {
		const secret = "hunter2hunter2";
		for (const text of [
			`panel:\n  pairing: ${secret}`,
			`agent: [${secret}]`,
			`state: "${secret}`,
			`x: *${secret}`,
			`x: !${secret} y`,
			`devices: {camera: ${secret}}`,
		]) {
			expect(problems(text).length).toBeGreaterThan(0);
			expect(problems(text).join()).not.toContain(secret);
		}
	});

	test("nothing makes it throw", () => {
		fc.assert(
			fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
				const result = parseRoomConfig(text);
				if (!result.ok)
					for (const { line, column } of result.problems) expect(Math.min(line, column)).toBeGreaterThan(0);
			}),
		);
	});
});

describe("the file", () => {
	let folder: string;
	beforeEach(async () => {
		folder = await mkdtemp(join(tmpdir(), "incamera-config-"));
	});
	afterEach(() => rm(folder, { recursive: true }));

	test("gives absolute paths from its own folder", async () => {
		const path = join(folder, "room.yaml");
		const devices = { camera: { file: "clip.mp4" }, microphone: "auto" };
		await writeFile(
			path,
			stringify({ ...minimal, agent: "agent.sock", state: "/var/lib/room", calendar: { ics: "today.ics" }, devices }),
		);
		expect(await loadRoomConfig(path)).toMatchObject({
			agent: join(folder, "agent.sock"),
			calendar: { ics: join(folder, "today.ics") },
			devices: { camera: `file:${join(folder, "clip.mp4")}`, microphone: "auto" },
			state: "/var/lib/room",
		});
	});

	test("that is wrong is refused with each problem on a line, and the first one's line", async () => {
		const path = join(folder, "room.yaml");
		await writeFile(path, stringify({ ...minimal, pannel: "x", agent: 0 }));
		await expect(loadRoomConfig(path)).rejects.toMatchObject({
			code: "config.invalid",
			message: "room.yaml:4:1 pannel is not known; did you mean panel?\nroom.yaml:5:1 agent must be a text",
			context: { problems: 2, line: 4 },
		});
	});

	test.each([
		["missing", async () => {}],
		["too large", (path: string) => writeFile(path, `# ${"x".repeat(300_000)}`)],
	])("that is %s is refused as unreadable", async (_, make) => {
		const path = join(folder, "room.yaml");
		await make(path);
		await expect(loadRoomConfig(path)).rejects.toMatchObject({ code: "config.unreadable" });
		await expect(loadRoomConfig(folder)).rejects.toMatchObject({ code: "config.unreadable" });
	});
});

test("a suggestion is near, or there is none", () => {
	const known = ["name", "panel", "rendezvous", "timeZone"];
	expect(suggest("nmae", known)).toBe("name");
	expect(suggest("timezone", known)).toBe("timeZone");
	expect(suggest("rendevous", known)).toBe("rendezvous");
	expect(suggest("pane", known)).toBe("panel");
	expect(suggest("encryption", known)).toBeNull();
	expect(suggest("x", known)).toBeNull();
});
