import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type CommandOptions, command } from "../core/command.ts";

/** A root in layers: what a step changes lies in its own folder, and what it started from stays as it was. */
export interface Layers {
	/** From the top; the last one is Debian. */
	below: readonly string[];
	/** The step's own. */
	own: string;
}

/**
 * Runs a program of the host that finds the whole root in `$root`, with /dev, /proc and /tmp as programs expect them; by `chroot "$root" …` it
 * starts those of the root. Writes go to the layer. The mounts are in a namespace of their own and gone with it, whatever happens: a tree
 * with `/dev` in it must never be packed, removed, or found by somebody else's search.
 */
export async function inside(
	layers: Layers,
	program: readonly string[],
	options: CommandOptions = {},
): Promise<string> {
	const work = `${layers.own}.work`;
	const root = join(work, "root");
	await mkdir(layers.own, { recursive: true });
	await mkdir(join(work, "overlay"), { recursive: true });
	await mkdir(root, { recursive: true });
	try {
		return await command("unshare", ["--mount", "--propagation", "private", "sh", "-euc", mounts, "sh", ...program], {
			...options,
			env: { ...options.env, below: layers.below.join(":"), own: layers.own, work: join(work, "overlay"), root },
		});
	} finally {
		await rm(work, { recursive: true, force: true });
	}
}

// /dev as a whole, since a terminal of the host would be missed below it; /proc its own, without the host's mounts
const mounts = `
mount -t overlay root -o "lowerdir=$below,upperdir=$own,workdir=$work" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs tmp "$root/tmp"
mount --rbind /dev "$root/dev"
exec "$@"
`;
