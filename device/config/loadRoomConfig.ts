import { readFile, stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { RoomError } from "../core/RoomError.ts";
import { parseRoomConfig } from "./parseRoomConfig.ts";
import type { RoomConfig } from "./RoomConfig.ts";

/** Bytes. */
const SIZE_LIMIT = 256 * 1024;

/**
 * Reads a room's configuration file; relative paths in it are made absolute, from the file's own folder.
 *
 * @throws RoomError `config.unreadable`, or `config.invalid` with a line `file:line:column key message` for each problem and the first
 *   problem's `line` in the context
 */
export async function loadRoomConfig(path: string): Promise<RoomConfig> {
	const file = basename(path);
	const parsed = parseRoomConfig(await read(path, file));
	if (!parsed.ok) {
		const lines = parsed.problems.map(
			({ line, column, key, message }) => `${file}:${line}:${column} ${key || "the file"} ${message}`,
		);
		throw new RoomError("config.invalid", lines.join("\n"), {
			context: { problems: lines.length, line: parsed.problems[0]?.line ?? 1 },
		});
	}
	const { config } = parsed;
	const from = (relative: string) => resolve(dirname(path), relative);
	const source = (value: string) => value.replace(/^(file|virtual):(.+)$/s, (_, kind, path) => `${kind}:${from(path)}`);
	const { camera, microphone, speaker, display } = config.devices;
	return {
		...config,
		agent: from(config.agent),
		...(config.calendar && "ics" in config.calendar ? { calendar: { ics: from(config.calendar.ics) } } : {}),
		devices: { camera: source(camera), microphone: source(microphone), speaker: source(speaker), display },
		peripherals: config.peripherals.map((device) => {
			const { at } = device;
			return "path" in at ? ({ ...device, at: { ...at, path: from(at.path) } } as typeof device) : device;
		}),
		state: from(config.state),
	};
}

async function read(path: string, file: string): Promise<string> {
	try {
		const about = await stat(path);
		if (about.isFile() && about.size <= SIZE_LIMIT) return await readFile(path, "utf8");
	} catch (cause) {
		throw new RoomError("config.unreadable", `${file} can't be read`, { context: { line: 0 }, cause });
	}
	throw new RoomError("config.unreadable", `${file} is no file, or too large`, { context: { line: 0 } });
}
