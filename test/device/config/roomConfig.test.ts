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
import { sceneNames } from "../../../device/peripherals/model/scenes.ts";

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
			peripherals: [],
			scenes: { quietMinutes: 15, eveningAt: "20:00" },
			farControl: "never",
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

	test("a virtual camera is a folder, and no microphone is", () => {
		expect(parsed({ devices: { camera: { virtual: "camera" } } }).devices.camera).toBe("virtual:camera");
		expect(problemsOf({ devices: { microphone: { virtual: "x" }, camera: "virtual:x" } })).toHaveLength(2);
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

	describe("the room's equipment", () => {
		const camera = { driver: "visca", serial: "/dev/ttyUSB0" };
		const tv = { driver: "samsung-mdc", tcp: "192.0.2.7", input: "hdmi1" };
		const sign = { driver: "panel-bus", serial: "sign" };

		test("is a device by its name, with what is usual where nothing is written", () => {
			const presets = { 1: "Table", 2: "Whiteboard" };
			expect(parsed({ peripherals: { camera: { ...camera, presets }, tv, sign } }).peripherals).toEqual([
				{
					name: "camera",
					driver: "visca",
					at: { by: "serial", path: "/dev/ttyUSB0", baudRate: 9600 },
					address: 1,
					presets: [
						{ number: 1, name: "Table" },
						{ number: 2, name: "Whiteboard" },
					],
					tracking: "none",
				},
				{
					name: "tv",
					driver: "samsung-mdc",
					at: { by: "tcp", host: "192.0.2.7", port: 1515 },
					id: 1,
					input: "hdmi1",
				},
				{ name: "sign", driver: "panel-bus", at: { by: "serial", path: "sign", baudRate: 115200 } },
			]);
		});

		test.each([
			[
				{ driver: "visca", udp: "cam.example.org" },
				{ by: "udp", host: "cam.example.org", port: 52381 },
			],
			[
				{ driver: "visca", tcp: "192.0.2.7" },
				{ by: "tcp", host: "192.0.2.7", port: 5678 },
			],
			[
				{ driver: "visca", tcp: "192.0.2.7:1259" },
				{ by: "tcp", host: "192.0.2.7", port: 1259 },
			],
			[
				{ driver: "pjlink", tcp: "[2001:db8::7]:4000" },
				{ by: "tcp", host: "2001:db8::7", port: 4000 },
			],
			[
				{ driver: "sharp-nec", tcp: "[2001:db8::7]" },
				{ by: "tcp", host: "2001:db8::7", port: 7142 },
			],
			[
				{ driver: "lg", serial: "tv", speed: 19200 },
				{ by: "serial", path: "tv", baudRate: 19200 },
			],
			[
				{ driver: "cec", cec: "/dev/cec0" },
				{ by: "cec", path: "/dev/cec0" },
			],
		])("%j is there", (device, at) => {
			expect(parsed({ peripherals: { it: device } }).peripherals[0]?.at).toEqual(at);
		});

		test.each([
			[
				"no driver",
				{ serial: "x" },
				[".driver must have a driver: visca, samsung-mdc, lg, sharp-nec, pjlink, cec, panel-bus"],
			],
			[
				"another driver",
				{ driver: "magic" },
				[".driver must have a driver: visca, samsung-mdc, lg, sharp-nec, pjlink, cec, panel-bus"],
			],
			["no connection", { driver: "visca" }, [" needs one of serial, tcp, udp"]],
			["two connections", { ...camera, udp: "192.0.2.7" }, [" needs one of serial, tcp, udp"]],
			[
				"a connection that it can't have",
				{ driver: "pjlink", serial: "x" },
				[" needs one of tcp", ".serial is not known"],
			],
			["a key of another driver", { ...camera, input: "hdmi1" }, [".input is not known"]],
			["a typing error", { ...tv, inptu: "hdmi1" }, [".inptu is not known; did you mean input?"]],
			["a speed in the network", { ...tv, speed: 9600 }, [".speed is for a serial port"]],
			[
				"a speed that none has",
				{ ...camera, speed: 9601 },
				[".speed must be one of 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200"],
			],
			["a path for a host", { driver: "pjlink", tcp: "/dev/ttyUSB0" }, [".tcp must be a host, or host:port"]],
			["a port that can't be", { driver: "pjlink", tcp: "192.0.2.7:65536" }, [".tcp must have a port of 1 to 65535"]],
			["an address that can't be", { ...camera, address: 8 }, [".address must be 1 to 7"]],
			[
				"an input that none has",
				{ ...tv, input: "scart" },
				[".input must be one of hdmi1, hdmi2, hdmi3, displayport1, displayport2, dvi1, vga1, usb-c"],
			],
			[
				"a preset beyond the last",
				{ ...camera, presets: { 255: "Door" } },
				[".presets.255 must have a number from 0 to 254 for a name"],
			],
			[
				"a way to follow people that none has",
				{ ...camera, tracking: "auto" },
				[".tracking must be one of none, extended, presets"],
			],
			[
				"a preset called like a step",
				{ ...camera, presets: { 1: "home" } },
				[".presets must have different names, and none of home, on, off, follow, stay"],
			],
			[
				"two presets of one name",
				{ ...camera, presets: { 1: "a", 2: "a" } },
				[".presets must have different names, and none of home, on, off, follow, stay"],
			],
		])("with %s is refused", (_, device, expected) => {
			expect(problemsOf({ peripherals: { it: device } })).toEqual(expected.map((end) => `peripherals.it${end}`));
		});

		test("has names that can be said anywhere", () => {
			for (const name of ["Camera", "die kamera", "1st", "", "x".repeat(33)]) {
				expect(problemsOf({ peripherals: { [name]: camera } })).toEqual([
					`peripherals.${name} must have a word of a–z, 0–9 and - for a name`,
				]);
			}
			const many = Object.fromEntries(Array.from({ length: 17 }, (_, at) => [`c${at}`, camera]));
			expect(problemsOf({ peripherals: many })).toEqual(["peripherals must have at most 16 entries"]);
		});

		test("plays in scenes, by names", () => {
			const peripherals = { camera: { ...camera, presets: { 3: "Table" } }, tv, sign };
			const join = { camera: ["on", "Table"], tv: ["on", "input"], sign: "busy" };
			const scenes = { join, mute: { sign: ["muted", "lamp-on"] }, evening: {}, eveningAt: "19:30", quietMinutes: 5 };
			expect(parsed({ peripherals, scenes }).scenes).toEqual({
				join: { camera: ["on", "Table"], tv: ["on", "input"], sign: ["busy"] },
				mute: { sign: ["muted", "lamp-on"] },
				evening: {},
				eveningAt: "19:30",
				quietMinutes: 5,
			});
		});

		test("plays in no scene under a name or a step that isn't there: each is said with its line", () => {
			const text = [
				"panel: {port: 1}",
				"state: state",
				"peripherals:",
				"  camera: {driver: visca, serial: c, presets: {1: Table}}",
				"  tv: {driver: pjlink, tcp: 192.0.2.8}",
				"scenes:",
				"  join:",
				"    camra: home",
				"    camera: [home, Tabel]",
				"    tv: [on, input]",
				"    projector: on",
				"  evening: {camera: hdmi1}",
			].join("\n");
			expect(problems(text)).toEqual([
				"8:5 scenes.join.camra is no device of `peripherals`; did you mean camera?",
				"9:20 scenes.join.camera.1 must be home, on, off, follow, stay, or the name of a preset",
				"10:14 scenes.join.tv.1 needs the display's `input`",
				"11:5 scenes.join.projector is no device of `peripherals`",
				"12:13 scenes.evening.camera.0 must be home, on, off, follow, stay, or the name of a preset",
			]);
			expect(problemsOf({ scenes: { jion: {}, quietMinutes: 0, eveningAt: "24:00", leave: { tv: 1 } } })).toEqual([
				"scenes.jion is not known; did you mean join?",
				"scenes.quietMinutes must be 1 to 240",
				"scenes.eveningAt must be a time like 20:00, or never",
				"scenes.leave.tv must be a step or a list of steps",
			]);
		});

		test("is turned by a far end never, or when somebody here allows it: nothing allows it for good", () => {
			expect(parsed({ farControl: "ask" }).farControl).toBe("ask");
			expect(problemsOf({ farControl: "always" })).toEqual(["farControl must be never or ask"]);
		});
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

	test("a calendar is in a file, or at an address that nobody on the way can read", () => {
		const url = "https://calendar.example.org/t0ken/room.ics?export";
		const of = (calendar: unknown) => problemsOf({ calendar });
		expect(parsed({ calendar: { url } }).calendar).toEqual({ url, login: null });
		const login = { user: "room", password: "geheim" };
		expect(parsed({ calendar: { url, ...login } }).calendar).toEqual({ url, login });
		expect(of({ url: "http://127.0.0.1:8080/room.ics" })).toEqual([]);
		for (const calendar of [{}, { url, ics: "today.ics" }])
			expect(of(calendar)).toEqual(["calendar needs one of ics, url"]);
		for (const wrong of [
			"http://calendar.example.org/t0ken",
			"http://127.0.0.1.example.org/t0ken",
			"https://user:t0ken@calendar.example.org/",
			"webcal://calendar.example.org/t0ken",
			"file:///t0ken",
			"t0ken",
		]) {
			expect(of({ url: wrong })).toEqual([expect.stringMatching(/^calendar\.url must be an https:\/\/ address/)]);
			expect(of({ url: wrong }).join()).not.toContain("t0ken");
		}
		expect(of({ url, user: "room" })).toEqual(["calendar.user needs password, and password needs it"]);
		expect(of({ url, user: "ro:om", password: "x" })).toEqual(["calendar.user must have no colon in it"]);
		expect(of({ ics: "today.ics", ...login })).toEqual(["calendar.user is for an address"]);
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
			if (def["valueType"]) walk(def["valueType"], `${at}*.`);
			if (def["discriminator"]) for (const option of def["options"] as unknown[]) walk(option, at);
			for (const [key, value] of Object.entries((def["shape"] as Record<string, unknown>) ?? {})) {
				keys.push(`${at}${key}`);
				walk(value, `${at}${key}.`);
			}
		};
		walk(roomConfig, "");
		// The whole list, so that whoever adds a key thinks of this.
		const device = [
			...["driver", "serial", "speed", "tcp", "udp", "cec", "address", "id", "input", "password", "presets"],
			...["tracking", "silentInStandby", "inputs"],
		];
		const scenes = [...sceneNames, "quietMinutes", "eveningAt"];
		expect([...new Set(keys)].sort()).toEqual(
			[
				...["agent", "state", "farControl"],
				...["calendar", "calendar.ics", "calendar.url", "calendar.user", "calendar.password"],
				...["panel", "panel.host", "panel.names", "panel.pairing", "panel.port"],
				...["devices", "devices.camera", "devices.display", "devices.microphone", "devices.speaker"],
				...["peripherals", ...device.map((key) => `peripherals.*.${key}`)],
				...["scenes", ...scenes.map((key) => `scenes.${key}`)],
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
			`peripherals: {tv: {driver: pjlink, password: ${secret}}}`,
			`peripherals: {tv: {driver: pjlink, tcp: [${secret}], password: " ${secret}"}}`,
			`panel: {port: 1}\nstate: s\nperipherals: {tv: {driver: cec, cec: c}}\nscenes: {join: {tv: ${secret}}}`,
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
			stringify({
				...{ ...minimal, agent: "agent.sock", state: "/var/lib/room", calendar: { ics: "today.ics" }, devices },
				peripherals: { sign: { driver: "panel-bus", serial: "port" } },
			}),
		);
		expect(await loadRoomConfig(path)).toMatchObject({
			agent: join(folder, "agent.sock"),
			calendar: { ics: join(folder, "today.ics") },
			devices: { camera: `file:${join(folder, "clip.mp4")}`, microphone: "auto" },
			peripherals: [{ at: { by: "serial", path: join(folder, "port") } }],
			state: "/var/lib/room",
		});
	});

	test("gives a virtual camera's folder an absolute path too", async () => {
		const path = join(folder, "room.yaml");
		await writeFile(path, stringify({ ...minimal, devices: { camera: { virtual: "camera" } } }));
		expect((await loadRoomConfig(path)).devices.camera).toBe(`virtual:${join(folder, "camera")}`);
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
