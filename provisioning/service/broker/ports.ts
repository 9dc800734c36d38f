import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";
import { writeStateFile } from "../../../device/core/writeStateFile.ts";
import { freePort, isPortTaken } from "../child/freePort.ts";

const port = z.number().check(z.int(), z.gte(1), z.lte(65_535));
const portsFile = z.object({ devices: port, service: port, bootstrap: z.nullable(port) });
export type Ports = z.infer<typeof portsFile>;

/** What is asked for; 0: any. `bootstrap` null: none. */
export interface WantedPorts {
	devices: number;
	service: number;
	bootstrap: number | null;
}

/**
 * The ports that were asked for; where none was, those of the last time, which devices know and sessions on disk belong to, else free
 * ones. `dataFolder` null: there was no last time.
 */
export async function choosePorts(host: string, wanted: WantedPorts, dataFolder: string | null): Promise<Ports> {
	const last = dataFolder ? await read(join(dataFolder, "ports.json")) : null;
	const choose = async (asked: number, before: number | null | undefined): Promise<number> => {
		if (asked) return asked;
		if (before && !(await isPortTaken(host, before))) return before;
		return freePort(host);
	};
	const ports = {
		devices: await choose(wanted.devices, last?.devices),
		service: await choose(wanted.service, last?.service),
		bootstrap: wanted.bootstrap === null ? null : await choose(wanted.bootstrap, last?.bootstrap),
	};
	if (dataFolder) await writeStateFile(join(dataFolder, "ports.json"), JSON.stringify(ports), 0o600);
	return ports;
}

async function read(path: string): Promise<Ports | null> {
	try {
		return portsFile.parse(JSON.parse(await readFile(path, "utf8")));
	} catch {
		return null;
	}
}
