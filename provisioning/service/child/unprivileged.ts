import { readFile } from "node:fs/promises";

export interface Account {
	uid: number;
	gid: number;
}

/**
 * The account that a Debian daemon should run as: null if we are no root ourselves (then it runs as we do), else the daemon's own
 * system account, else `nobody`.
 */
export async function unprivileged(name: string, own = process.getuid?.()): Promise<Account | null> {
	if (own !== 0) return null;
	const accounts = new Map<string, Account>();
	for (const line of (await readFile("/etc/passwd", "utf8")).split("\n")) {
		const [account, , uid, gid] = line.split(":");
		if (account && uid && gid) accounts.set(account, { uid: Number(uid), gid: Number(gid) });
	}
	return accounts.get(name) ?? accounts.get("nobody") ?? { uid: 65534, gid: 65534 };
}
