import { once } from "node:events";
import { readdir } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { connect, createServer, type TLSSocket } from "node:tls";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ManualClock } from "../../../device/core/clock.ts";
import { macOf } from "../../../provisioning/agent/claim/codeKey.ts";
import { CONFIRM_MS, type EnrolDown, issuedMacInput } from "../../../provisioning/contract/enrolment.ts";
import { ScriptedFleet } from "./ScriptedFleet.ts";
import { TestAgent } from "./TestAgent.ts";

let fleet: ScriptedFleet;
const ends: (() => unknown)[] = [];
beforeAll(async () => {
	fleet = await ScriptedFleet.start();
});
beforeEach(() => {
	fleet.before = () => true;
	fleet.alter = (answer) => answer;
});
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
});
afterAll(() => fleet?.close());

async function device(options: Partial<Parameters<typeof TestAgent.start>[0]> = {}): Promise<TestAgent> {
	const agent = await TestAgent.start({ bootstrapUrl: fleet.broker.bootstrapUrl as string, ...options });
	ends.push(() => agent.remove());
	return agent;
}
/** Tries a code; resolves to how it ended. */
async function outcome(agent: TestAgent, code: string): Promise<string> {
	const before = agent.room.all("claim").length;
	agent.room.enrol(code);
	await expect.poll(() => agent.room.all("claim").length).toBeGreaterThan(before);
	await expect.poll(() => agent.room.claim?.state).not.toBe("enrolling");
	const { claim } = agent.room;
	return claim?.state === "unclaimed" ? String(claim.failure) : String(claim?.state);
}
/** Id of the device that was issued a certificate next. */
async function pending(): Promise<string> {
	const known = fleet.devices.size;
	await expect.poll(() => fleet.devices.size).toBe(known + 1);
	return [...fleet.devices.keys()].at(-1) as string;
}
/** Nothing of a fleet is left on the disk. */
async function expectClean(agent: TestAgent): Promise<void> {
	const files = await readdir(agent.config.stateFolder, { recursive: true });
	expect(files.filter((name) => /pem|identity\//.test(name))).toEqual([]);
}

describe("a code that was typed", () => {
	test("makes the device one of the fleet, step by step", async () => {
		const agent = await device();
		expect(agent.room.claim).toMatchObject({ state: "unclaimed", failure: null, facts: agent.config.facts });
		expect(
			await outcome(
				agent,
				fleet
					.code()
					.replace(/(.{4})/g, "$1-")
					.toLowerCase(),
			),
		).toBe("claimed");
		const steps = agent.room.all("claim").map(({ claim }) => (claim.state === "enrolling" ? claim.step : claim.state));
		expect(steps.filter((step) => step !== "waiting")).toEqual([
			...["unclaimed", "connecting", "proving", "confirming", "claimed"],
		]);
		expect(fleet.device(agent.id)).toMatchObject({ state: "active" });
		expect(fleet.device(agent.id)?.confirmed).toHaveLength(1);
		await expect.poll(() => fleet.presenceOf(agent.id)?.online).toBe(true);
		await expect.poll(() => fleet.reportOf(agent.id)?.appliedRev).toBe(1);
		await expect.poll(() => [...fleet.events.values()].find(({ id }) => id === agent.id)?.type).toBe("program.started");
	});

	test("never leaves the device, and neither does anything that it could be guessed from quickly", async () => {
		const agent = await device();
		const code = fleet.code();
		fleet.said.length = 0;
		await outcome(agent, code);
		const said = JSON.stringify(fleet.said);
		expect(fleet.said.length).toBeGreaterThan(1);
		for (let length = 5; length <= 12; length++) expect(said).not.toContain(code.slice(4, 4 + length));
	});

	test("that is none, or not the right one, leaves the device nobody's", async () => {
		const agent = await device();
		for (const typed of ["", "ABCD", "U".repeat(16), "A".repeat(17)]) {
			expect(await outcome(agent, typed), typed).toBe("enrol.code_malformed");
		}
		const code = fleet.code();
		const wrong = `${code.slice(0, 15)}${code.endsWith("0") ? "1" : "0"}`;
		expect(await outcome(agent, wrong)).toBe("enrol.code_wrong");
		expect(await outcome(agent, fleet.code().replace(/^.{4}/, "ZZZZ"))).toBe("enrol.code_wrong");
		await expectClean(agent);
		expect(await outcome(agent, code)).toBe("claimed");
	});

	test("while another is tried is not heard", async () => {
		const agent = await device();
		fleet.before = async (step) => step !== "issued";
		agent.room.enrol(fleet.code());
		await expect.poll(() => agent.room.claim).toMatchObject({ step: "waiting" });
		agent.room.enrol("");
		fleet.before = () => true;
		await expect.poll(() => agent.room.claim?.state).toBe("claimed");
	});
});

describe("a fleet that does not prove itself", () => {
	const cases: [name: string, alter: ScriptedFleet["alter"], failure: string][] = [
		["a wrong MAC", (answer) => ({ ...answer, mac: "A".repeat(43) }) as EnrolDown, "enrol.fleet_not_proved"],
		[
			"another device's id",
			(answer) => ({ ...answer, deviceId: "dev-somebody" }) as EnrolDown,
			"enrol.fleet_not_proved",
		],
		[
			"another broker",
			(answer) => ({ ...answer, brokers: ["mqtts://evil.example:1"] }) as EnrolDown,
			"enrol.fleet_not_proved",
		],
		[
			"another rendezvous",
			(answer) => ({ ...answer, rendezvous: "https://evil.example" }) as EnrolDown,
			"enrol.fleet_not_proved",
		],
		[
			"another authority beside its own",
			(answer) => ({ ...answer, caBundle: `${(answer as { caBundle: string }).caBundle}\n` }) as EnrolDown,
			"enrol.fleet_not_proved",
		],
	];
	test.each(cases)("%s is not believed", async (_name, alter, failure) => {
		const agent = await device();
		fleet.alter = (answer, of) => alter(answer, of);
		expect(await outcome(agent, fleet.code())).toBe(failure);
		await expectClean(agent);
	});

	test("what it proves but nobody can use is refused, too", async () => {
		const agent = await device();
		const foreign = await fleet.ca.issueDevice("dev-otherdev");
		const signed = (answer: EnrolDown, key: Buffer, csr: Uint8Array, over: object): EnrolDown => {
			const issued = { ...answer, ...over } as EnrolDown & { op: "issued" };
			return { ...issued, mac: macOf(key, issuedMacInput({ csr, ...issued })) };
		};
		for (const over of [
			{ chain: foreign.chain },
			{ deviceId: "dev-otherdev" },
			{ caBundle: foreign.certificate },
			{ chain: "nothing" },
		]) {
			fleet.alter = (answer, { csr, key }) => signed(answer, key, csr, over);
			expect(await outcome(agent, fleet.code())).toBe("enrol.failed");
		}
		await expectClean(agent);
	});

	test("a man in the middle who passes everything on is found out by the fleet", async () => {
		const middle = await ManInTheMiddle.start(fleet);
		ends.push(() => middle.close());
		const agent = await device({ bootstrapUrl: middle.url });
		expect(await outcome(agent, fleet.code())).toBe("enrol.code_wrong");
		expect(middle.connections).toBeGreaterThan(0);
		await expectClean(agent);
	});

	test("nobody answers, or nobody is there: it is said within half a minute", async () => {
		const clock = new ManualClock(Date.now());
		const nowhere = await device({ bootstrapUrl: "mqtts://127.0.0.1:9", clock });
		nowhere.room.enrol(fleet.code());
		await expect.poll(() => nowhere.room.claim).toMatchObject({ state: "enrolling", step: "connecting" });
		clock.advance(29_999);
		expect(nowhere.room.claim?.state).toBe("enrolling");
		clock.advance(1);
		await expect.poll(() => nowhere.room.claim).toMatchObject({ failure: "enrol.unreachable" });
		const silent = await device({ clock });
		fleet.before = () => false;
		const { length } = fleet.said;
		silent.room.enrol(fleet.code());
		await expect.poll(() => fleet.said.length).toBe(length + 1);
		clock.advance(5000);
		// it asks again before it gives up
		await expect.poll(() => fleet.said.length).toBe(length + 2);
		clock.advance(25_000);
		await expect.poll(() => silent.room.claim).toMatchObject({ failure: "enrol.unreachable" });
	});
});

describe("the fail-safe", () => {
	test("makes a device nobody's again that the fleet never took", async () => {
		const clock = new ManualClock(Date.now());
		const agent = await device({ clock });
		fleet.before = (step) => step !== "confirm";
		agent.room.enrol(fleet.code());
		const id = await pending();
		await expect.poll(() => fleet.presenceOf(id)?.online).toBe(true);
		clock.advance(CONFIRM_MS - 1000);
		await new Promise((resolve) => setImmediate(resolve));
		expect(agent.room.claim).toMatchObject({ state: "enrolling", step: "confirming" });
		clock.advance(1000);
		await expect.poll(() => agent.room.claim).toMatchObject({ state: "unclaimed", failure: "enrol.not_confirmed" });
		await expectClean(agent);
	});

	test("does not strike once the fleet has taken it; a confirmation that was lost is said again", async () => {
		const clock = new ManualClock(Date.now());
		const agent = await device({ clock });
		let lost = 0;
		fleet.before = (step) => step !== "confirm" || ++lost > 2;
		agent.room.enrol(fleet.code());
		const id = await pending();
		await expect.poll(() => fleet.presenceOf(id)?.online).toBe(true);
		const state = () => {
			clock.advance(500);
			return agent.room.claim?.state;
		};
		await expect.poll(state).toBe("claimed");
		expect(lost).toBeGreaterThan(2);
		clock.advance(CONFIRM_MS);
		await new Promise((resolve) => setImmediate(resolve));
		expect(agent.room.claim?.state).toBe("claimed");
	});
});

/** Takes TLS connections with a certificate of its own, and passes what is in them to the true listener. */
class ManInTheMiddle {
	connections = 0;
	readonly #server: ReturnType<typeof createServer>;
	readonly #sockets = new Set<TLSSocket>();

	private constructor(identity: { key: string; certificate: string }, target: URL) {
		this.#server = createServer({ key: identity.key, cert: identity.certificate }, (near) => {
			this.connections += 1;
			const far = connect({ host: target.hostname, port: Number(target.port), rejectUnauthorized: false });
			for (const [one, other] of [
				[near, far],
				[far, near],
			] as const) {
				this.#sockets.add(one);
				one.pipe(other);
				one.on("error", () => other.destroy());
				one.on("close", () => other.destroy());
			}
		});
	}

	static async start(of: ScriptedFleet): Promise<ManInTheMiddle> {
		// rightly issued by the very same authority, which nobody checks on this listener
		const identity = await of.ca.issueServer(["127.0.0.1"]);
		const middle = new ManInTheMiddle(identity, new URL(of.broker.bootstrapUrl as string));
		middle.#server.listen(0, "127.0.0.1");
		await once(middle.#server, "listening");
		return middle;
	}

	get url(): string {
		return `mqtts://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
	}

	async close(): Promise<void> {
		for (const socket of this.#sockets) socket.destroy();
		this.#server.close();
		await once(this.#server, "close");
	}
}
