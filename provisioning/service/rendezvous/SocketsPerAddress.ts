import { isIPv6 } from "node:net";

/** Counts open sockets by address, with an IPv6 network of 64 bits (what one subscriber gets) as one address. */
export class SocketsPerAddress {
	readonly #open = new Map<string, number>();
	readonly #cap: number;

	constructor(cap: number) {
		this.#cap = cap;
	}

	/** The returned function gives the place back; null if there is none. */
	take(address: string): (() => void) | null {
		const key = networkOf(address);
		const open = this.#open.get(key) ?? 0;
		if (open >= this.#cap) return null;
		this.#open.set(key, open + 1);
		let held = true;
		return () => {
			if (!held) return;
			held = false;
			const left = (this.#open.get(key) ?? 1) - 1;
			if (left > 0) this.#open.set(key, left);
			else this.#open.delete(key);
		};
	}
}

/** The address, or its /64 if it is IPv6; an IPv4 address in IPv6 form (`::ffff:a.b.c.d`) is the IPv4 address. */
export function networkOf(address: string): string {
	const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
	if (mapped) return mapped[1] as string;
	if (!isIPv6(address)) return address;
	const [head = "", tail] = address.toLowerCase().replace(/%.*$/, "").split("::");
	const groups = head ? head.split(":") : [];
	if (tail !== undefined) {
		const end = tail ? tail.split(":") : [];
		groups.push(...Array<string>(Math.max(0, 8 - groups.length - end.length)).fill("0"), ...end);
	}
	return groups
		.slice(0, 4)
		.map((group) => group.replace(/^0+(?=.)/, ""))
		.join(":");
}
