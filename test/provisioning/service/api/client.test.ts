import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { FleetClient } from "../../../../provisioning/contract/http/FleetClient.ts";
import { TestDatabases } from "../db/TestDatabase.ts";
import { insertRoom, ROOM, samples } from "./samples.ts";
import { TestApi } from "./TestApi.ts";

describe("with the service", () => {
	let databases: TestDatabases;
	let api: TestApi;
	let origin: string;
	beforeAll(async () => {
		databases = await TestDatabases.start();
	});
	afterAll(() => databases?.close());
	beforeEach(async () => {
		api = await TestApi.start(await databases.fresh());
		await api.app.listen({ host: "127.0.0.1", port: 0 });
		origin = `http://127.0.0.1:${(api.app.server.address() as AddressInfo).port}`;
		await insertRoom(api.db);
	});
	afterEach(() => api?.close());
	const client = async (...scopes: Parameters<TestApi["token"]>[0]) => {
		const { headers } = await api.token(scopes);
		return new FleetClient({ origin, token: (headers["authorization"] as string).slice("Bearer ".length) });
	};

	test("asks with path, query and body, and has the answer", async () => {
		const fleet = await client("fleet:read", "fleet:write", "enrol");
		expect(await fleet.call("devices.list", { query: { q: "ber&=%", limit: "10" } })).toEqual({
			items: [],
			next: null,
		});
		expect(await fleet.call("devices.list")).toMatchObject({ items: [{ id: ROOM }] });
		expect(await fleet.call("devices.command", samples["devices.command"])).toMatchObject({ op: "identify" });
		const { about } = await fleet.call("enrolments.create", { body: samples["enrolments.create"].body });
		expect(await fleet.call("enrolments.withdraw", { params: { id: about.id } })).toBeUndefined();
	});

	test("has the contract's codes as failures, with the key that is at fault", async () => {
		const fleet = await client("fleet:read");
		const notFound = fleet.call("devices.get", { params: { id: "room-nowhere" } });
		await expect(notFound).rejects.toMatchObject({ name: "FleetFailure", code: "api.not_found", status: 404 });
		const malformed = fleet.call("devices.list", { query: { limit: "0" } });
		await expect(malformed).rejects.toMatchObject({ code: "api.malformed", status: 400, key: "query.limit" });
		await expect(fleet.call("audit.list")).rejects.toMatchObject({ code: "api.forbidden", status: 403 });
		const nobody = new FleetClient({ origin });
		await expect(nobody.call("session.get")).rejects.toMatchObject({ code: "api.not_signed_in", status: 401 });
	});

	test("hears a stream, and that its line broke", async () => {
		const fleet = await client("fleet:read");
		const stream = fleet.watch("live.watch", new AbortController().signal);
		expect((await stream.next()).value).toMatchObject({ all: true });
		const next = stream.next();
		api.app.server.closeAllConnections();
		await expect(next).rejects.toMatchObject({ code: "api.unreachable", status: 0 });
	});

	test("ends when it is told to, with the signal's own reason", async () => {
		const fleet = await client("fleet:read");
		const controller = new AbortController();
		const stream = fleet.watch("live.watch", controller.signal);
		await stream.next();
		const next = stream.next();
		controller.abort(new Error("enough"));
		await expect(next).rejects.toThrow("enough");
		await expect(fleet.call("devices.counts", {}, controller.signal)).rejects.toThrow("enough");
	});
});

describe("with something else", () => {
	let server: Server | null = null;
	afterEach(async () => {
		server?.closeAllConnections();
		server?.close();
	});
	const answering = async (listener: RequestListener) => {
		server = createServer(listener).listen(0, "127.0.0.1");
		await once(server, "listening");
		return new FleetClient({ origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token: "ict_x" });
	};

	test("that is not there", async () => {
		const fleet = await answering(() => {});
		server?.close();
		await once(server as Server, "close");
		await expect(fleet.call("devices.counts")).rejects.toMatchObject({ code: "api.unreachable", status: 0 });
	});

	test.each<[string, number, string]>([
		["a proxy's page", 200, "<html>"],
		["a proxy's error", 502, "<html>"],
		["another service's JSON", 200, '{"hello":"world"}'],
		["another service's error", 404, '{"error":"Not Found"}'],
	])("that answers %s", async (_, status, body) => {
		const fleet = await answering((__, answer) => answer.writeHead(status).end(body));
		await expect(fleet.call("devices.counts")).rejects.toMatchObject({ code: "api.answer_malformed", status });
	});

	test("that sends its token elsewhere: it is not followed", async () => {
		const asked: (string | undefined)[] = [];
		const other = createServer((request, answer) => {
			asked.push(request.headers.authorization);
			answer.end();
		}).listen(0, "127.0.0.1");
		await once(other, "listening");
		const location = `http://127.0.0.1:${(other.address() as AddressInfo).port}/`;
		const fleet = await answering((_, answer) => answer.writeHead(307, { location }).end());
		await expect(fleet.call("devices.counts")).rejects.toMatchObject({ code: "api.unreachable" });
		expect(asked).toEqual([]);
		other.close();
	});
});
