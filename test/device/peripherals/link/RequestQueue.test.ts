import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../../../device/core/clock.ts";
import { RoomError } from "../../../../device/core/RoomError.ts";
import type { Request, Verdict } from "../../../../device/peripherals/link/Request.ts";
import { RequestQueue, type RequestQueueOptions } from "../../../../device/peripherals/link/RequestQueue.ts";
import { MemoryLink } from "../../../sim/line/MemoryLink.ts";

let clock: ManualClock;
let link: MemoryLink;
let queue: RequestQueue;
let unclaimed: number[][];

beforeEach(() => {
	clock = new ManualClock();
	link = new MemoryLink();
	queue = make();
});
afterEach(() => queue.close());

function make(options: Partial<RequestQueueOptions> = {}): RequestQueue {
	unclaimed = [];
	return new RequestQueue(link, { clock, onUnclaimed: (frame) => unclaimed.push([...frame]), ...options });
}

/** A toy protocol: [question, …]; [question, 1] takes it, [question, 2] answers it, [question, 3] refuses it. */
function question(n: number, more: Partial<Request<number>> = {}): Request<number> {
	return {
		frame: () => Uint8Array.of(n),
		judge(frame): Verdict<number> {
			if (frame[0] !== n) return { is: "other" };
			if (frame[1] === 1) return { is: "accepted" };
			if (frame[1] === 2) return { is: "done", value: n };
			return { is: "failed", error: new RoomError("toy.refused", "no") };
		},
		...more,
	};
}

/** A question whose answer does not name it, as with most cameras. */
const anonymous = (n: number, more: Partial<Request<number>> = {}): Request<number> =>
	question(n, {
		judge: (frame) => (frame[0] === 99 ? { is: "done", value: frame[1] as number } : { is: "other" }),
		...more,
	});

/** Asks, and does not mind how it ends. */
function begin(request: Request<number>): void {
	queue.ask(request).catch(() => {});
}

const sent = () => link.sent.map((frame) => frame[0]);
/** The code that each promise rejected with, or its value; `waits` if neither yet. */
async function outcomes(...promises: Promise<unknown>[]): Promise<unknown[]> {
	const codes = promises.map((promise) =>
		promise.then(
			(value) => value,
			(error: unknown) => (error instanceof RoomError ? error.code : error),
		),
	);
	// Rejections travel some turns; a macrotask is after them all.
	const later = new Promise((resolve) => setImmediate(resolve, "waits"));
	return Promise.all(codes.map((code) => Promise.race([code, later])));
}

describe("one at a time", () => {
	it("sends the next when the last is answered, in order", async () => {
		const [one, two, three] = [queue.ask(question(1)), queue.ask(question(2)), queue.ask(question(3))];
		expect(sent()).toEqual([1]);
		link.receive([1, 2]);
		expect(sent()).toEqual([1, 2]);
		link.receive([2, 3]);
		expect(sent()).toEqual([1, 2, 3]);
		expect(await outcomes(one, two, three)).toEqual([1, "toy.refused", "waits"]);
		expect(queue.waiting).toBe(0);
		link.receive([3, 2]);
		expect(await three).toBe(3);
	});

	it("goes on with the next when one is accepted, and completes both in any order", async () => {
		const [one, two] = [queue.ask(question(1)), queue.ask(question(2))];
		link.receive([1, 1]);
		expect(sent()).toEqual([1, 2]);
		link.receive([2, 1]);
		link.receive([2, 2]);
		expect(await outcomes(one, two)).toEqual(["waits", 2]);
		link.receive([1, 2]);
		expect(await one).toBe(1);
	});

	it("shows a frame first to those that were accepted", async () => {
		const judged: number[] = [];
		const any = (n: number): Request<number> =>
			question(n, {
				judge(frame) {
					judged.push(n);
					return frame[0] === 1 ? { is: "accepted" } : { is: "done", value: n };
				},
			});
		const one = queue.ask(any(1));
		link.receive([1]);
		const two = queue.ask(any(2));
		link.receive([2]);
		expect(judged).toEqual([1, 1]);
		expect(await outcomes(one, two)).toEqual([1, "waits"]);
	});

	it("hands on what no request claims", async () => {
		link.receive([50]);
		const one = queue.ask(question(1));
		link.receive([51]);
		link.receive([1, 2]);
		link.receive([1, 2]);
		expect(unclaimed).toEqual([[50], [51], [1, 2]]);
		expect(await one).toBe(1);
	});

	it("a judge or frame that throws fails its own request only", async () => {
		const bad = queue.ask(
			question(1, {
				judge() {
					throw new RangeError("short");
				},
			}),
		);
		const unsent = queue.ask(
			question(2, {
				frame() {
					throw new RangeError("no frame");
				},
			}),
		);
		const good = queue.ask(question(3));
		link.receive([1]);
		await expect(bad).rejects.toMatchObject({ code: "peripheral.fault" });
		await expect(unsent).rejects.toMatchObject({ code: "peripheral.fault" });
		link.receive([3, 2]);
		expect(await good).toBe(3);
	});

	it("a frame that the line could not take fails its own request only", async () => {
		link.sendFails = new RoomError("link.congested", "slow");
		const one = queue.ask(question(1));
		await expect(one).rejects.toMatchObject({ code: "link.congested" });
		link.sendFails = null;
		const two = queue.ask(question(2));
		link.receive([2, 2]);
		expect(await two).toBe(2);
	});
});

describe("who waits", () => {
	it("urgent ones go before all others, in their order", () => {
		for (const n of [1, 2, 3]) begin(question(n));
		for (const n of [10, 11]) begin(question(n, { urgent: true }));
		for (const n of [1, 10, 11, 2, 3]) link.receive([n, 2]);
		expect(sent()).toEqual([1, 10, 11, 2, 3]);
	});

	it("the newest of a key takes the place of the one that waits, not of the one under way", async () => {
		const first = queue.ask(question(1, { key: "move" }));
		const second = queue.ask(question(2, { key: "move" }));
		const other = queue.ask(question(3));
		const third = queue.ask(question(4, { key: "move" }));
		expect(await outcomes(second)).toEqual(["peripheral.overtaken"]);
		for (const n of [1, 4, 3]) link.receive([n, 2]);
		expect(sent()).toEqual([1, 4, 3]);
		expect(await Promise.all([first, third, other])).toEqual([1, 4, 3]);
	});

	it("an urgent one overtakes a waiting one of its key and goes to the front", async () => {
		begin(question(1));
		begin(question(2));
		const moving = queue.ask(question(3, { key: "move" }));
		const stop = queue.ask(question(4, { key: "move", urgent: true }));
		expect(await outcomes(moving)).toEqual(["peripheral.overtaken"]);
		for (const n of [1, 4, 2]) link.receive([n, 2]);
		expect(sent()).toEqual([1, 4, 2]);
		expect(await stop).toBe(4);
	});

	it("is bounded; a stop finds room as long as anything else waits", async () => {
		queue.close();
		queue = make({ most: 2 });
		begin(question(1));
		const [two, three, four] = [2, 3, 4].map((n) => queue.ask(question(n)));
		begin(question(5, { urgent: true }));
		begin(question(6, { urgent: true }));
		const seven = queue.ask(question(7, { urgent: true }));
		const full = "peripheral.queue_full";
		expect(await outcomes(two!, three!, four!, seven)).toEqual([full, full, full, full]);
		expect(queue.waiting).toBe(2);
	});

	it("a signal takes a waiting one back, and leaves one under way to its end", async () => {
		const [first, second] = [new AbortController(), new AbortController()];
		const one = queue.ask(question(1, { signal: first.signal }));
		const two = queue.ask(question(2, { signal: second.signal }));
		first.abort();
		second.abort();
		expect(await outcomes(one, two)).toEqual(["waits", "peripheral.cancelled"]);
		link.receive([1, 2]);
		expect(await one).toBe(1);
		await expect(queue.ask(question(3, { signal: AbortSignal.abort() }))).rejects.toMatchObject({
			code: "peripheral.cancelled",
		});
		expect(sent()).toEqual([1]);
	});
});

describe("a device that does not answer", () => {
	it("times out after two seconds, and another two after it accepted", async () => {
		const one = queue.ask(question(1));
		clock.advance(1999);
		link.receive([1, 1]);
		clock.advance(1999);
		expect(await outcomes(one)).toEqual(["waits"]);
		clock.advance(1);
		await expect(one).rejects.toMatchObject({ code: "peripheral.timeout" });
		expect(queue.counters.timeouts).toBe(1);
		const slow = queue.ask(question(2, { timeoutMs: 60_000 }));
		clock.advance(100 + 59_999);
		expect(await outcomes(slow)).toEqual(["waits"]);
		queue.close();
		queue = make();
		const turning = queue.ask(question(3, { timeoutMs: 500, completionMs: 30_000 }));
		link.receive([3, 1]);
		clock.advance(29_999);
		expect(await outcomes(turning)).toEqual(["waits"]);
		clock.advance(1);
		expect(await outcomes(turning)).toEqual(["peripheral.timeout"]);
	});

	it("may take longer to do it than to accept it", async () => {
		const one = queue.ask(question(1, { timeoutMs: 500, completionMs: 30_000 }));
		link.receive([1, 1]);
		clock.advance(29_999);
		expect(await outcomes(one)).toEqual(["waits"]);
		clock.advance(1);
		await expect(one).rejects.toMatchObject({ code: "peripheral.timeout" });
		const two = queue.ask(question(2, { timeoutMs: 500, completionMs: 30_000 }));
		clock.advance(100 + 500);
		await expect(two).rejects.toMatchObject({ code: "peripheral.timeout" });
	});

	it("is sent the frame again as often as asked, and takes a late answer to the first", async () => {
		let turn = 0;
		const one = queue.ask(question(1, { resends: 2, frame: () => Uint8Array.of(1, ++turn) }));
		clock.advance(4000);
		expect(link.sent.map((frame) => [...frame])).toEqual([
			[1, 1],
			[1, 2],
			[1, 3],
		]);
		link.receive([1, 2]);
		expect(await one).toBe(1);
		const two = queue.ask(question(2, { resends: 1 }));
		clock.advance(4000);
		await expect(two).rejects.toMatchObject({ code: "peripheral.timeout" });
		expect(queue.counters.timeouts).toBe(4);
	});

	it("is left in peace until the line is quiet, so that a late answer is nobody's", async () => {
		const one = queue.ask(anonymous(1));
		const two = queue.ask(anonymous(2));
		clock.advance(2000);
		await expect(one).rejects.toMatchObject({ code: "peripheral.timeout" });
		expect(sent()).toEqual([1]);
		clock.advance(99);
		link.receive([99, 1]);
		clock.advance(99);
		expect(sent()).toEqual([1]);
		clock.advance(1);
		expect(sent()).toEqual([1, 2]);
		expect(unclaimed).toEqual([[99, 1]]);
		link.receive([99, 2]);
		expect(await two).toBe(2);
	});

	it("is not waited for for ever by a line that is never quiet", () => {
		begin(question(1));
		begin(question(2));
		clock.advance(2000);
		for (let i = 0; i < 20; i += 1) {
			clock.advance(50);
			link.receive([77]);
		}
		expect(sent()).toEqual([1, 2]);
	});

	it("answers a question of its own before the next goes out", async () => {
		queue.close();
		queue = make({ resync: () => question(70) });
		const one = queue.ask(anonymous(1));
		const two = queue.ask(anonymous(2));
		clock.advance(2100);
		expect(sent()).toEqual([1, 70]);
		link.receive([99, 1]);
		expect(unclaimed).toEqual([[99, 1]]);
		link.receive([70, 2]);
		expect(sent()).toEqual([1, 70, 2]);
		link.receive([99, 2]);
		expect(await outcomes(one, two)).toEqual(["peripheral.timeout", 2]);
		const three = queue.ask(anonymous(3));
		link.receive([99, 3]);
		expect(await three).toBe(3);
	});

	it("asks nothing of its own as long as nothing is known that the device always answers", async () => {
		queue.close();
		queue = make({ resync: () => null });
		begin(anonymous(1));
		const two = queue.ask(anonymous(2));
		clock.advance(2100);
		expect(sent()).toEqual([1, 2]);
		link.receive([99, 2]);
		expect(await two).toBe(2);
	});

	it("and not even that: everything that waits fails, and what comes later begins with it again", async () => {
		queue.close();
		queue = make({ resync: () => question(70) });
		const all = [1, 2, 3].map((n) => queue.ask(anonymous(n)));
		clock.advance(4100);
		expect(await outcomes(...all)).toEqual(Array(3).fill("peripheral.timeout"));
		clock.advance(100);
		const four = queue.ask(anonymous(4));
		expect(sent()).toEqual([1, 70, 70]);
		link.receive([70, 3]);
		expect(sent()).toEqual([1, 70, 70, 4]);
		link.receive([99, 4]);
		expect(await four).toBe(4);
	});

	it("ten times in a row: the line is opened anew; an answer in between begins the count again", async () => {
		const poll = async () => {
			const asked = queue.ask(question(1));
			clock.advance(2000);
			await expect(asked).rejects.toMatchObject({ code: "peripheral.timeout" });
			clock.advance(100);
		};
		for (let i = 0; i < 9; i += 1) await poll();
		const answered = queue.ask(question(2));
		link.receive([2, 2]);
		await answered;
		for (let i = 0; i < 9; i += 1) await poll();
		expect(link.resets).toEqual([]);
		const last = queue.ask(question(1));
		const waiting = queue.ask(question(3));
		clock.advance(2000);
		expect(await outcomes(last, waiting)).toEqual(["peripheral.timeout", "link.lost"]);
		expect(link.resets).toEqual(["link.silent"]);
		link.up();
		const again = queue.ask(question(4));
		link.receive([4, 2]);
		expect(await again).toBe(4);
	});
});

describe("a line that goes down", () => {
	it("takes all with it: what waits, what is under way and what was accepted", async () => {
		const all = [1, 2, 3].map((n) => queue.ask(question(n)));
		link.receive([1, 1]);
		link.down("link.absent");
		expect(await outcomes(...all)).toEqual(Array(3).fill("link.lost"));
		await expect(queue.ask(question(4))).rejects.toMatchObject({
			code: "link.lost",
			context: { failure: "link.absent" },
		});
		link.up();
		expect(sent()).toEqual([1, 2]);
		clock.advance(60_000);
		expect(queue.counters.timeouts).toBe(0);
	});

	it("a queue that was closed hears nothing more", async () => {
		const one = queue.ask(question(1));
		queue.close();
		expect(await outcomes(one)).toEqual(["link.lost"]);
		link.receive([1, 2]);
		expect(unclaimed).toEqual([]);
	});
});

describe("whatever happens", () => {
	type Op =
		| { op: "ask"; key: number | null; urgent: boolean }
		| { op: "say"; verdict: 1 | 2 | 3; newest: boolean }
		| { op: "pass"; ms: number }
		| { op: "fall" };
	const op: fc.Arbitrary<Op> = fc.oneof(
		fc.record({
			op: fc.constant("ask" as const),
			key: fc.option(fc.nat({ max: 2 })),
			urgent: fc.boolean(),
		}),
		fc.record({
			op: fc.constant("say" as const),
			verdict: fc.constantFrom(1 as const, 2 as const, 3 as const),
			newest: fc.boolean(),
		}),
		fc.record({ op: fc.constant("pass" as const), ms: fc.constantFrom(1, 100, 2000) }),
		fc.constant({ op: "fall" as const }),
	);

	it("one is under way, the rest waits in bounds and in order, and each comes to its end", async () => {
		await fc.assert(
			fc.asyncProperty(fc.array(op, { maxLength: 80 }), async (ops) => {
				clock = new ManualClock();
				link = new MemoryLink();
				queue = make({ most: 4 });
				/** Of each question: whether it was urgent, and what it is now. */
				const asked: { urgent: boolean; state: "waits" | "sent" | "accepted" | "over" }[] = [];
				const endings: Promise<void>[] = [];
				/** What was rejected or answered knows it by then. */
				const settled = () => new Promise((resolve) => setImmediate(resolve));
				const wrong: string[] = [];
				link.onSent = ([n]) => {
					const question = asked[n as number];
					if (question?.state !== "waits") return wrong.push(`${n} was sent that does not wait`);
					if (asked.some(({ state }) => state === "sent")) wrong.push(`${n} was sent while another is under way`);
					const urgentWaits = asked.some(({ urgent, state }) => urgent && state === "waits");
					if (!question.urgent && urgentWaits) wrong.push(`${n} was sent before an urgent one`);
					question.state = "sent";
				};
				for (const step of ops) {
					if (step.op === "ask") {
						const n = asked.length;
						const mine: (typeof asked)[number] = { urgent: step.urgent, state: "waits" };
						asked.push(mine);
						const ended = () => {
							mine.state = "over";
						};
						const key = step.key === null ? {} : { key: `k${step.key}` };
						endings.push(queue.ask(question(n, { urgent: step.urgent, ...key })).then(ended, ended));
					} else if (step.op === "say") {
						const open = asked.flatMap(({ state }, n) => (state === "sent" || state === "accepted" ? [n] : []));
						const n = step.newest ? open.at(-1) : open[0];
						const heard = n === undefined ? undefined : asked[n];
						if (n === undefined || !heard) continue;
						heard.state = step.verdict === 1 ? "accepted" : "over";
						link.receive([n, step.verdict]);
					} else if (step.op === "pass") {
						// no more at once than a quiet time: what timed out is to know it before the next is sent
						for (let left = step.ms; left > 0; left -= 100) {
							clock.advance(Math.min(left, 100));
							await settled();
						}
					} else {
						link.down("link.lost");
						link.up();
					}
					expect(queue.waiting).toBeLessThanOrEqual(4);
					await settled();
				}
				link.down("link.lost");
				await Promise.all(endings);
				expect(asked.every(({ state }) => state === "over")).toBe(true);
				expect(wrong).toEqual([]);
				queue.close();
			}),
			{ numRuns: 200 },
		);
	});
});
