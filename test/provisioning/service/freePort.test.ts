import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { freePort, isPortTaken } from "../../../provisioning/service/child/freePort.ts";

test("a free port is none that the kernel gives to whoever connects", async () => {
	const [first = 0] = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").split(/\s+/).map(Number);
	for (let i = 0; i < 20; i++) {
		const port = await freePort("127.0.0.1");
		expect(port).toBeGreaterThan(1023);
		expect(port).toBeLessThan(first);
	}
});

test("a port is taken as long as somebody listens on it", async () => {
	const port = await freePort("127.0.0.1");
	const server = createServer();
	await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
	expect(await isPortTaken("127.0.0.1", port)).toBe(true);
	await new Promise((resolve) => server.close(resolve));
	expect(await isPortTaken("127.0.0.1", port)).toBe(false);
});
