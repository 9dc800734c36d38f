import { networkInterfaces } from "node:os";

/** The address from which this machine's programs send media: ICE offers no loopback address. Nothing leaves the machine. */
export function ownAddress(): string {
	const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
	return addresses.find(({ family, internal }) => family === "IPv4" && !internal)?.address ?? "127.0.0.1";
}
