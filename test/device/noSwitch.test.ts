/**
 * Nothing switches the encryption of calls off, or down: every way in which somebody could tell the device anything before it runs (its
 * configuration, its environment, its arguments, its build) is listed here, and none of them reaches the gate or the SDP policy.
 * Whoever adds one has to come here and say what it is for.
 */
import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from "vitest";
import { loadRoomConfig } from "../../device/config/loadRoomConfig.ts";
import { roomConfig } from "../../device/config/RoomConfig.ts";
import type { TwinSettings } from "../../device/fleet/judgeTwin.ts";
import { Element, WebrtcGate } from "../../device/media/gst/index.ts";
import { defaultEngineOptions } from "../../device/media/protocol.ts";
import { type CheckedDescription, checkDescription } from "../../device/meeting/sdp-policy.ts";
import { sceneNames } from "../../device/peripherals/model/scenes.ts";
import type { RoomSettings } from "../../device/room/ports.ts";
import { command } from "../../provisioning/contract/commands.ts";
import { fromAgent } from "../../provisioning/contract/local.ts";
import { setUpFile } from "../../provisioning/contract/setUpFile.ts";
import { twinDoc } from "../../provisioning/contract/twin.ts";
import { makeNative, root } from "./media/native/built.ts";

const sources = new Map(
	globSync("{device,provisioning/contract}/**/*.{ts,cc,h}", { cwd: root }).map((path) => [
		path,
		readFileSync(join(root, path), "utf8"),
	]),
);
/** Lines of all sources with `pattern`, as `file: what was found`. */
function found(pattern: RegExp): string[] {
	const all: string[] = [];
	for (const [path, text] of sources) {
		for (const match of text.matchAll(pattern)) all.push(`${path}: ${match[0].trim()}`);
	}
	return all.sort();
}

interface Definition {
	type: string;
	shape?: Record<string, { _zod: { def: Definition } }>;
	innerType?: { _zod: { def: Definition } };
	element?: { _zod: { def: Definition } };
	valueType?: { _zod: { def: Definition } };
	in?: { _zod: { def: Definition } };
	options?: { _zod: { def: Definition } }[];
}
/** Every key that a file may hold, dotted. */
function keysOf(definition: Definition, at = ""): string[] {
	const { shape, innerType, element, valueType, in: input, options } = definition;
	if (shape) {
		return Object.entries(shape).flatMap(([key, { _zod }]) => {
			const path = at ? `${at}.${key}` : key;
			return [path, ...keysOf(_zod.def, path)];
		});
	}
	if (valueType) return keysOf(valueType._zod.def, `${at}.*`);
	return [innerType, element, input, ...(options ?? [])].flatMap((inner) => (inner ? keysOf(inner._zod.def, at) : []));
}

describe("the environment", () => {
	it("is read in these places only", () => {
		expect(found(/process\.env\b(?:\.\w+|\["\w+"\])?/g)).toEqual(
			[
				// what the engine inherits: see below
				"device/media/EngineProcess.ts: process.env",
				// the Wayland session that the TV is in
				"device/media/Room.ts: process.env",
				// the build with sanitizers, for tests: it has the same gate
				"device/media/gst/native.ts: process.env.INCAMERA_NATIVE",
				"device/media/gst/native.ts: process.env.INCAMERA_NATIVE",
				// how much is logged; what can be logged is the same
				'device/main.ts: process.env["INCAMERA_LOG"]',
			].sort(),
		);
		expect(found(/\benv\["\w+"\]/g).filter((line) => !line.startsWith("device/main.ts"))).toEqual([
			'device/media/display.ts: env["WAYLAND_DISPLAY"]',
			'device/media/display.ts: env["XDG_RUNTIME_DIR"]',
		]);
	});

	it("is read by no other means: not destructured, not by native code", () => {
		expect(found(/\{[^}]*\benv\b[^}]*\}\s*=\s*process|import[^;]*\benv\b[^;]*from "(?:node:)?process"/g)).toEqual([]);
		expect(found(/\b(?:secure_)?getenv\b|\bg_getenv\b|\benviron\b|\bg_environ_\w+/g)).toEqual([]);
	});

	it("reaches the engine only by these names", () => {
		const list = /const inherited =\s*\/\^\((.+)\)\$\//.exec(sources.get("device/media/EngineProcess.ts") ?? "")?.[1];
		expect(list?.split("|").sort()).toEqual(
			[
				...["PATH", "HOME", "USER", "LANG", "LC_.*", "TZ", "TMPDIR", "XDG_.*", "DBUS_SESSION_BUS_ADDRESS"],
				...["WAYLAND_DISPLAY", "DISPLAY", "PULSE_.*", "PIPEWIRE_.*", "ALSA_.*", "GST_.*", "LIBVA_.*", "FONTCONFIG_.*"],
				...["INCAMERA_NATIVE", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "LD_PRELOAD"],
			].sort(),
		);
	});
});

describe("the command line", () => {
	it("names the configuration file, and nothing else is read from it", () => {
		expect(found(/parseArgs\([^)]*\)|process\.argv|process\.execArgv/g)).toEqual([
			'device/main.ts: parseArgs({ options: { config: { type: "string" } } })',
		]);
	});
});

describe("the configuration", () => {
	it("has these keys, and none of them is about encryption", () => {
		const source = (kind: string) => [`devices.${kind}`, `devices.${kind}.device`];
		expect([...new Set(keysOf(roomConfig._zod.def as unknown as Definition))].sort()).toEqual(
			[
				// where the device's agent listens, where today's meetings are read, where the room remembers keys
				...["agent", "calendar", "calendar.ics", "state"],
				// or asked for, and by what credentials: it gives links, and what is behind one has to prove itself as ever
				...["calendar.url", "calendar.user", "calendar.password"],
				...["panel", "panel.host", "panel.port", "panel.names", "panel.pairing"],
				...["devices", "devices.display", ...source("camera"), ...source("microphone"), ...source("speaker")],
				...["devices.camera.file", "devices.microphone.file"],
				// the room's equipment: where a device is connected, which of several it is, the projector's password, what the panel calls
				// the camera's presets, how it is told to follow people, which input the room is plugged into, which of a projector's inputs
				// is which, whether a display that says nothing sleeps; none of it carries a picture or a sound
				...["peripherals", "peripherals.*.driver", "peripherals.*.serial", "peripherals.*.speed", "peripherals.*.tcp"],
				...[
					"peripherals.*.udp",
					"peripherals.*.cec",
					"peripherals.*.address",
					"peripherals.*.id",
					"peripherals.*.password",
				],
				...[
					"peripherals.*.presets",
					"peripherals.*.input",
					"peripherals.*.inputs",
					"peripherals.*.tracking",
					"peripherals.*.silentInStandby",
				],
				// what that equipment does by itself, and when nobody is taken to be here any more
				...["scenes", ...sceneNames.map((name) => `scenes.${name}`), "scenes.quietMinutes", "scenes.eveningAt"],
				// whether a touch in the room can let a far end turn the camera in this call; it says nothing about what the camera sends
				"farControl",
				// a simulated camera, heeded by devices of a development fleet only
				"devices.camera.virtual",
			].sort(),
		);
		expect(Object.keys(defaultEngineOptions).sort()).toEqual(
			["camera", "display", "farTimecode", "microphone", "picture", "previewFps", "roomName", "speaker"].sort(),
		);
	});

	describe("with a wish of its own", () => {
		const folder = mkdtempSync(join(tmpdir(), "incamera-switch-"));
		afterAll(() => rmSync(folder, { recursive: true, force: true }));
		const example = readFileSync(join(root, "device/config/room.example.yaml"), "utf8");
		const wishes = [
			...[
				"encryption: off",
				"insecure: true",
				"gate: { enabled: false }",
				"sdp: { protocols: [RTP/AVP] }",
				"dtls: false",
			],
			...["media: { srtp: false }", "verify: false", "development: true", "policy: none", "fingerprints: [sha-1]"],
		];

		it.each(wishes)("%s: the file is refused, and the key named", async (wish) => {
			const path = join(folder, "room.yaml");
			writeFileSync(path, `${example}\n${wish}\n`);
			const key = wish.slice(0, wish.indexOf(":"));
			await expect(loadRoomConfig(path)).rejects.toMatchObject({
				code: "config.invalid",
				message: expect.stringContaining(key),
			});
		});
	});
});

describe("the set-up file of a device of the image", () => {
	it("has these keys, and none of them is about encryption", () => {
		const keys: Record<string, string> = {
			fleet: "",
			"fleet.bootstrap": "where an unclaimed device asks; the fleet has to know its code",
			"fleet.page": "what the panel's QR opens",
			"fleet.code": "the code, once",
			network: "",
			"network.address": "how the device is reached; who is on the way is nobody's to trust",
			"network.gateway": "as address",
			"network.dns": "as address",
			"network.ntp": "as address",
			authorities:
				"who else vouches for rendezvous, calendar and downloads; a call asks neither of them, nor whoever vouches for them",
			recovery: "",
			"recovery.certificate": "for whom a key to what the device keeps is sealed; no call is kept, nor any key of one",
			screens: "",
			"screens.panel": "which output is the panel; the other one is the TV",
			room: "",
			"room.calendar": "see the configuration, as for all of the room's",
			"room.calendar.url": "",
			"room.calendar.user": "",
			"room.calendar.password": "",
			"room.devices": "",
			"room.peripherals": "",
			"room.scenes": "",
			"room.farControl": "",
		};
		expect([...new Set(keysOf(setUpFile._zod.def as unknown as Definition))].sort()).toEqual(Object.keys(keys).sort());
	});

	it("gives authorities to programs, not to calls: nothing of a call looks at what TLS trusts", () => {
		const asking = found(
			/\bgetCACertificates\b|\brootCertificates\b|\bsetDefaultCACertificates\b|NODE_EXTRA_CA_CERTS/g,
		);
		expect(asking).toEqual([]);
	});
});

describe("the fleet", () => {
	it("has these keys of a twin to say, each for this", () => {
		const keys: Record<string, string> = {
			room: "",
			"room.name": "drawn on panel and TV, told to the far end",
			"room.seats": "drawn on the panel",
			"room.locale": "the panel's language, which a touch changes",
			"room.timeZone": "how times are drawn, and when a day begins in the calendar",
			directory: "",
			"directory.id": "which room a touch can ring; each proves by its certificate who it is",
			"directory.name": "drawn on the panel",
			rendezvous: "where sealed signalling is exchanged; who is there can deliver it or not, nothing else",
			showTitles: "whether the resting screen shows titles to those in the room",
			update: "",
			"update.window": "",
			"update.window.days": "when updates may be installed: never in a call",
			"update.window.from": "as days",
			"update.window.to": "as days",
		};
		expect([...new Set(keysOf(twinDoc._zod.def as unknown as Definition))].sort()).toEqual(Object.keys(keys).sort());
	});

	it("reaches the room by these settings, and they reach neither gate nor sources", () => {
		expectTypeOf<keyof TwinSettings>().toEqualTypeOf<
			"name" | "seats" | "locale" | "timeZone" | "directory" | "rendezvous" | "showTitles"
		>();
		expectTypeOf<keyof RoomSettings>().toEqualTypeOf<"name" | "seats" | "locale" | "directory">();
	});

	it("can say these things to a room, and nothing that opens, answers, unmutes or listens", () => {
		const kinds = (schema: typeof fromAgent | typeof command, key: "t" | "op") =>
			schema.def.options.map(
				(option) => Object.entries(option.shape).find(([name]) => name === key)?.[1].def.values[0],
			);
		expect(kinds(fromAgent, "t").sort()).toEqual(
			[
				...["hello", "claim", "twin", "command", "update", "firmware", "reset", "support"],
				// ringing: sealed frames, which the room judges; a ring opens nothing
				...["line", "presence", "directory", "ring", "sent"],
			].sort(),
		);
		expect(kinds(command, "op").sort()).toEqual(["doctor", "identify", "restart", "unenrol"]);
		// a touch is a touch: what comes from the agent is never one
		expect(found(/\.intent\(/g).map((line) => line.split(":")[0])).toEqual([
			"device/panel/PanelConnection.ts",
			// of a panel that is gone: that its thumb holds the camera no longer
			"device/panel/PanelConnection.ts",
			"device/panel/PanelServer.ts",
			"device/program/ClaimedRoom.ts",
			"device/program/PanelFront.ts",
		]);
	});
});

describe("the SDP policy", () => {
	it("is told what it looks at, and nothing about how strict to be", () => {
		type Options = Parameters<typeof checkDescription>[1];
		expectTypeOf<Required<Options>>().toEqualTypeOf<{
			type: "offer" | "answer";
			previousFingerprint: Uint8Array;
			offer: CheckedDescription;
		}>();
		expect(checkDescription).toHaveLength(2);
	});

	it("knows of nothing but bytes and errors, and is called for every description", () => {
		const text = sources.get("device/meeting/sdp-policy.ts") ?? "";
		expect([...text.matchAll(/from "([^"]+)"/g)].map(([, from]) => from).sort()).toEqual(
			["../core/RoomError.ts", "./bytes.ts", "./failures.ts"].sort(),
		);
		// our own and the far end's, offering and answering
		expect(found(/(?<!function )checkDescription\([a-z.]+, \{ type: "\w+"/g)).toEqual(
			[
				'device/meeting/handshake.ts: checkDescription(sdp, { type: "offer"',
				'device/meeting/handshake.ts: checkDescription(message.sdp, { type: "offer"',
				'device/meeting/handshake.ts: checkDescription(sdp, { type: "answer"',
				'device/meeting/handshake.ts: checkDescription(message.sdp, { type: "answer"',
			].sort(),
		);
	});
});

describe("the gate", () => {
	beforeAll(() => makeNative(), 300_000);

	it("has these methods, and no way to open it but a fingerprint that matches", () => {
		const methods = Object.getOwnPropertyNames(WebrtcGate.prototype).filter((name) => name !== "constructor");
		expect(methods.sort()).toEqual(
			["certificateSha256", "counters", "dispose", "expect", "onChange", "release", "state"].sort(),
		);
		const webrtcbin = Element.make("webrtcbin");
		const gate = WebrtcGate.of(webrtcbin);
		gate.release();
		expect(gate.state).toBe("waiting");
		gate.dispose();
		webrtcbin.dispose();
	});

	it("can't be built into the addon without its comparison", () => {
		const compile = (...defines: string[]) =>
			spawnSync(
				"g++",
				["-std=c++17", "-fsyntax-only", "-x", "c++", ...defines, "device/media/native/gate/decision.h"],
				{
					cwd: root,
				},
			).status;
		expect(compile("-DNAPI_VERSION=9")).toBe(0);
		expect(compile("-DGATE_TEST_NO_COMPARE")).toBe(0);
		expect(compile("-DNAPI_VERSION=9", "-DGATE_TEST_NO_COMPARE")).not.toBe(0);
		expect(found(/GATE_TEST_NO_COMPARE/g).map((line) => line.split(":")[0])).toEqual([
			"device/media/native/gate/decision.h",
			"device/media/native/gate/decision.h",
		]);
	});

	it("is asked for each peer, by the one class that makes peers", () => {
		expect(found(/Element\.make\("webrtcbin"\)/g)).toEqual(['device/media/GstPeer.ts: Element.make("webrtcbin")']);
		expect(found(/#gate\.(?:expect|release)\(/g)).toEqual([
			"device/media/GstPeer.ts: #gate.expect(",
			"device/media/GstPeer.ts: #gate.expect(",
			"device/media/GstPeer.ts: #gate.release(",
		]);
	});
});
