import { readFileSync, statSync } from "node:fs";
import { parse } from "yaml";
import { RoomError } from "../../../device/core/RoomError.ts";
import { type SetUpFile, setUpFile } from "../../../provisioning/contract/setUpFile.ts";

const MOST_BYTES = 128 * 1024;

/**
 * A technician's set-up file, as the device takes it.
 * @throws RoomError `setup.unreadable`, `setup.refused` with the key that is wrong
 */
export function readSetUpFile(file: string): SetUpFile {
	if (statSync(file).size > MOST_BYTES) throw new RoomError("setup.unreadable", "setup.yaml is too large");
	let value: unknown;
	try {
		value = parse(readFileSync(file, "utf8"), { maxAliasCount: 0 });
	} catch (cause) {
		throw new RoomError("setup.unreadable", "setup.yaml is no YAML", { cause });
	}
	const parsed = setUpFile.safeParse(value);
	if (parsed.success) return parsed.data;
	const key = parsed.error.issues[0]?.path.join(".") ?? "";
	throw new RoomError("setup.refused", `setup.yaml: ${key || "a key"} is wrong`, { context: { key } });
}
