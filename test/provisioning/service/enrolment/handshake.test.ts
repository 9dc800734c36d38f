import fc from "fast-check";
import { expect, test } from "vitest";
import type { EnrolUp } from "../../../../provisioning/contract/enrolment.ts";
import { type Attempt, nextStep } from "../../../../provisioning/service/enrolment/handshake.ts";

const NOW = 1_000_000;
const envelope = { v: 1, mid: "m".repeat(22), ts: NOW } as const;
const facts = { model: "box", serial: "S1", firmware: "1.0.0", slot: null };
const hello = (devNonce = "d".repeat(22)): EnrolUp => ({ ...envelope, op: "hello", facts, lookup: "ABCD", devNonce });
const csr = (bytes = "AAAA"): EnrolUp => ({ ...envelope, op: "csr", csr: bytes, mac: "x".repeat(43) });
const attempt = (over: Partial<Attempt> = {}): Attempt =>
	({
		expiresAt: NOW + 1,
		devNonce: "d".repeat(22),
		srvNonce: "s".repeat(22),
		csr: null,
		step: "challenged",
		...over,
	}) as Attempt;

test("a hello begins; the same hello again gets the same challenge, another one under the same nonce does not", () => {
	expect(nextStep(null, hello(), NOW)).toEqual({ do: "begin" });
	expect(nextStep(attempt(), hello(), NOW)).toEqual({ do: "challenge", srvNonce: "s".repeat(22) });
	expect(nextStep(attempt(), hello("e".repeat(22)), NOW)).toEqual({ do: "refuse", code: "enrol.out_of_order" });
	expect(nextStep(attempt({ step: "issued", csr: "AAAA" }), hello(), NOW)).toEqual({
		do: "refuse",
		code: "enrol.out_of_order",
	});
});

test("one proof an attempt: it is judged once, waited for, and answered again; another request is refused", () => {
	expect(nextStep(null, csr(), NOW)).toEqual({ do: "refuse", code: "enrol.out_of_order" });
	expect(nextStep(attempt(), csr(), NOW)).toEqual({ do: "prove", csr: "AAAA", mac: "x".repeat(43) });
	expect(nextStep(attempt({ step: "pending", csr: "AAAA" }), csr(), NOW)).toEqual({ do: "wait" });
	for (const step of ["issued", "confirmed"] as const) {
		expect(nextStep(attempt({ step, csr: "AAAA" }), csr(), NOW)).toEqual({ do: "repeat" });
		expect(nextStep(attempt({ step, csr: "AAAA" }), csr("BBBB"), NOW).do).toBe("refuse");
	}
});

test("what failed says the same again, what ran out is over", () => {
	const failed = attempt({ step: "failed", failure: "enrol.code_wrong" } as Partial<Attempt>);
	for (const message of [hello(), csr()]) {
		expect(nextStep(failed, message, NOW)).toEqual({ do: "refuse", code: "enrol.code_wrong" });
		expect(nextStep(attempt({ expiresAt: NOW }), message, NOW)).toEqual({ do: "refuse", code: "enrol.out_of_order" });
	}
});

test("whatever is sent in whatever order, nothing is issued twice and nothing without a proof", () => {
	const messages = fc.constantFrom(hello(), hello("e".repeat(22)), csr(), csr("BBBB"));
	fc.assert(
		fc.property(fc.array(fc.record({ message: messages, good: fc.boolean() })), (frames) => {
			let state: Attempt | null = null;
			let issued = 0;
			for (const { message, good } of frames) {
				const step = nextStep(state, message, NOW);
				if (step.do === "begin") state = attempt({ devNonce: (message as { devNonce: string }).devNonce });
				if (step.do !== "prove") continue;
				expect(state?.step).toBe("challenged");
				if (good) issued++;
				state = attempt(
					good
						? { step: "issued", csr: step.csr }
						: ({ step: "failed", failure: "enrol.code_wrong" } as Partial<Attempt>),
				);
			}
			expect(issued).toBeLessThanOrEqual(1);
		}),
	);
});
