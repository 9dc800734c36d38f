import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { topics } from "../../../../provisioning/contract/topics.ts";
import { askWith, connectOnce } from "../../../../provisioning/service/broker/clientChecks.ts";
import { type Broker, startBroker } from "../../../../provisioning/service/broker/mosquitto.ts";
import { type FleetCa, openCa } from "../../../../provisioning/service/ca/FleetCa.ts";

let folder: string;
let ca: FleetCa;
let broker: Broker;
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "incamera-client-checks-"));
	ca = await openCa(join(folder, "ca"));
	broker = await startBroker({ ca });
});
afterAll(async () => {
	await broker?.close();
	await rm(folder, { recursive: true, force: true });
});

test("a broker that dies while it is asked is an error, and not waited for", async () => {
	const identity = await ca.issueDevice("room-berlin");
	const client = await connectOnce({ url: broker.url, ca: ca.certificate }, identity, "room-berlin");
	onTestFinished(() => void client.end(true));
	const pid = broker.pid as number;
	process.kill(pid, "SIGSTOP");
	const asked = [
		client.publishAsync(topics.event("room-berlin", "trouble"), "x", { qos: 1 }),
		client.subscribeAsync(topics.twinDesired("room-berlin"), { qos: 1 }),
	];
	process.kill(pid, "SIGKILL");
	for (const answer of asked) await expect(answer).rejects.toThrow();
	await expect(client.publishAsync(topics.event("room-berlin", "trouble"), "x", { qos: 1 })).rejects.toThrow();
});

test("somebody who hangs up at once, before or after the handshake, is no broker", async () => {
	const { key, certificate } = await ca.issueServer(["127.0.0.1"]);
	const rude = [
		createServer((socket) => socket.on("error", () => {}).end()),
		createTlsServer({ key, cert: certificate }, (socket) => socket.on("error", () => {}).end()),
	];
	for (const server of rude) {
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		onTestFinished(() => void server.close());
		const address = { url: `mqtts://127.0.0.1:${(server.address() as AddressInfo).port}`, ca: ca.certificate };
		const identity = await ca.issueDevice("room-berlin");
		await expect(connectOnce(address, identity, "room-berlin")).rejects.toThrow();
		expect(await askWith(address, identity, "room-berlin")).toBe("unreachable");
	}
});
