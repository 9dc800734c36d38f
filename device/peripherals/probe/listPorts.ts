import { readdir, realpath } from "node:fs/promises";
import { join } from "node:path";

/**
 * The serial ports of adapters on this machine: by their lasting names where they have one, so that a configuration holds after they were
 * plugged in elsewhere. Ports that are built in are not listed: the kernel shows some that no socket belongs to.
 */
export async function listPorts(dev = "/dev"): Promise<string[]> {
	const byId = join(dev, "serial", "by-id");
	const lasting = (await namesIn(byId)).map((name) => join(byId, name));
	const named = new Set(await Promise.all(lasting.map((path) => realpath(path).catch(() => path))));
	const plain = (await namesIn(dev)).filter((name) => /^tty(?:USB|ACM)\d+$/.test(name)).map((name) => join(dev, name));
	const unnamed = await Promise.all(plain.map(async (path) => (named.has(await realpath(path)) ? [] : [path])));
	return [...lasting, ...unnamed.flat()];
}

/** The CEC devices of the machine's HDMI outputs. */
export async function listCecDevices(dev = "/dev"): Promise<string[]> {
	return (await namesIn(dev)).filter((name) => /^cec\d+$/.test(name)).map((name) => join(dev, name));
}

const namesIn = (folder: string): Promise<string[]> =>
	readdir(folder).then(
		(names) => names.sort(),
		() => [],
	);
