import type { Browser, BrowserContext, CDPSession, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Intent } from "../../../device/contract/intents.ts";
import type { Snapshot } from "../../../device/contract/snapshot.ts";
import { launchChromium } from "../../sim/chromium.ts";
import { type PanelRig, startPanel } from "../../sim/panel/PanelRig.ts";
import { inLocale, scenes } from "../../sim/panel/scenes.ts";

type Move = Extract<Intent, { type: "panel.camera_move" }>;
type Stop = Extract<Intent, { type: "panel.camera_stop" }>;

let browser: Browser;
let rig: PanelRig;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
	browser = await launchChromium();
});
afterAll(() => browser.close());

beforeEach(async () => {
	rig = await startPanel();
	context = await browser.newContext({ viewport: { width: 1280, height: 800 }, hasTouch: true });
	page = await context.newPage();
	page.setDefaultTimeout(20_000);
	// The page's time stands still, but for what a test lets pass.
	await page.clock.install({ time: 0 });
	await page.clock.pauseAt(1000);
	rig.room.show(english(scenes["call-equipped"]));
	await page.goto(rig.server.url, { waitUntil: "commit" });
	await page.getByRole("button", { name: "Turn camera" }).click();
	await pad().waitFor();
	rig.room.intents.length = 0;
});

afterEach(async () => {
	await context.close();
	await rig.server.close();
});

const english = (snapshot: Snapshot) => inLocale(snapshot, "en");
const pad = () => page.getByRole("group", { name: "Turn: hold and drag" });
const button = (name: string) => page.getByRole("button", { name, exact: true });
const moves = () => rig.room.intents.filter((intent): intent is Move => intent.type === "panel.camera_move");
const stops = () => rig.room.intents.filter((intent): intent is Stop => intent.type === "panel.camera_stop");
const aims = () => moves().map(({ pan, tilt, zoom }) => ({ pan, tilt, zoom }));

async function drawn(): Promise<void> {
	await page.locator(`.panel[data-rev="${rig.room.snapshot().rev}"]`).waitFor();
}

/** A place on the pad, from its centre: to the right and upwards, of its radius. */
async function onPad(x: number, y: number): Promise<{ x: number; y: number }> {
	const box = await pad().boundingBox();
	if (!box) throw new Error("no pad");
	return { x: box.x + (box.width / 2) * (1 + x), y: box.y + (box.height / 2) * (1 - y) };
}

async function mouseTo(x: number, y: number): Promise<void> {
	const at = await onPad(x, y);
	await page.mouse.move(at.x, at.y);
}

/** Holds the pad at its right, and waits until the device has heard of it. */
async function hold(): Promise<string> {
	await mouseTo(0.9, 0);
	await page.mouse.down();
	await expect.poll(() => moves().length).toBe(1);
	return moves()[0]?.hold as string;
}

/** The device has heard that exactly this hold is over, and the camera is said to move no more. */
async function stopped(held: string): Promise<void> {
	await expect.poll(() => stops().map(({ hold }) => hold)).toEqual([held]);
	const before = moves().length;
	await page.clock.runFor(1500);
	// An answer to a later touch: all that came before it was taken.
	await button("Quieter").click();
	await expect.poll(() => rig.room.intents.at(-1)?.type).toBe("panel.volume");
	expect(moves()).toHaveLength(before);
}

describe("a thumb on the pad", () => {
	it("turns the camera to where it is from the centre, the faster the farther, and stops it when it is lifted", async () => {
		await mouseTo(0.9, 0);
		await page.mouse.down();
		await expect.poll(aims).toHaveLength(1);
		for (const [x, y] of [
			[0.45, 0.05],
			[-0.6, 0.6],
			[0, -3],
			[0.02, 0.02],
		] as const) {
			await mouseTo(x, y);
			await page.clock.runFor(50);
		}
		await page.mouse.up();
		await expect.poll(stops).toHaveLength(1);
		const [right, slower, askew, down, still] = aims();
		expect(right?.pan).toBeGreaterThan(0.7);
		expect(right).toMatchObject({ tilt: 0, zoom: 0 });
		expect(slower?.pan).toBeGreaterThan(0.05);
		expect(slower?.pan).toBeLessThan(0.3);
		// so nearly straight that it is meant straight
		expect(slower?.tilt).toBe(0);
		expect(askew?.pan).toBeLessThan(-0.3);
		expect(askew?.tilt).toBeGreaterThan(0.3);
		// beyond the rim is the rim
		expect(down).toEqual({ pan: 0, tilt: -1, zoom: 0 });
		expect(still).toEqual({ pan: 0, tilt: 0, zoom: 0 });
		const holds = new Set([...moves(), ...stops()].map((intent) => intent.hold));
		expect(holds.size).toBe(1);
	});

	it("that stays where it is is said again before the device could take it for gone", async () => {
		await hold();
		for (let ms = 0; ms < 3000; ms += 300) {
			const before = moves().length;
			await page.clock.runFor(300);
			await expect.poll(() => moves().length).toBeGreaterThan(before);
		}
		expect(new Set(aims().map((aim) => JSON.stringify(aim))).size).toBe(1);
	});

	it("that storms is heard at most 20 times a second, and its newest place counts", async () => {
		const held = await hold();
		const storm = (count: number) =>
			page.evaluate((many) => {
				const element = document.querySelector(".thumb-pad") as HTMLElement;
				const { left, top, width } = element.getBoundingClientRect();
				for (let turn = 0; turn < many; turn++) {
					const angle = turn === many - 1 ? Math.PI : turn;
					const clientX = left + (width / 2) * (1 + Math.cos(angle));
					const clientY = top + (width / 2) * (1 + Math.sin(angle));
					element.dispatchEvent(new PointerEvent("pointermove", { pointerId: 1, clientX, clientY, bubbles: true }));
				}
			}, count);
		for (let tenth = 0; tenth < 10; tenth += 1) {
			await storm(1000);
			await page.clock.runFor(100);
		}
		await page.mouse.up();
		await stopped(held);
		// 10 000 places in one second
		expect(moves().length).toBeGreaterThan(10);
		expect(moves().length).toBeLessThanOrEqual(21);
		expect(aims().at(-1)).toEqual({ pan: -1, tilt: 0, zoom: 0 });
		expect(rig.server.refusals.size).toBe(0);
	});

	it("has a hold of its own each time, and none that another panel could have", async () => {
		const first = await hold();
		await page.mouse.up();
		await stopped(first);
		await mouseTo(0, 0.9);
		await page.mouse.down();
		await expect.poll(() => moves().at(-1)?.hold).not.toBe(first);
		await page.mouse.up();
		const other = await context.newPage();
		await other.goto(rig.server.url, { waitUntil: "commit" });
		await other.getByRole("button", { name: "Turn camera" }).click();
		const taken = new Set(moves().map((move) => move.hold));
		await other.getByRole("button", { name: "Left" }).click();
		await expect.poll(() => moves().filter((move) => !taken.has(move.hold)).length).toBeGreaterThan(0);
	});
});

describe("the camera stops", () => {
	const dispatch = (target: "window" | "document", type: string) =>
		page.evaluate(([where, name]) => (where === "window" ? window : document).dispatchEvent(new Event(name)), [
			target,
			type,
		] as const);
	const show = async (change: Partial<Snapshot>) => {
		rig.room.show({ ...english(scenes["call-equipped"]), ...change });
		await drawn();
	};
	const { peripherals, can } = scenes["call-equipped"];
	const ends: Record<string, () => Promise<unknown>> = {
		"the finger is lifted": () => page.mouse.up(),
		"the finger is lifted far outside": async () => {
			await page.mouse.move(1200, 20);
			await page.mouse.up();
		},
		"the system takes the finger away": () =>
			pad().dispatchEvent("pointercancel", { pointerId: 1, pointerType: "mouse", bubbles: true }),
		"the pad loses the finger": async () => {
			// the browser gives and takes a pointer with the pointer's next event
			await mouseTo(0.9, 0.01);
			await pad().evaluate((element) => element.releasePointerCapture(1));
			await mouseTo(0.9, 0.02);
		},
		"the page is hidden": () => dispatch("document", "visibilitychange"),
		"the page is left": () => dispatch("window", "pagehide"),
		"something else has the focus": () => dispatch("window", "blur"),
		"the sheet is closed by a key": () => page.keyboard.press("Escape"),
		"the sheet is closed by a second finger": () => button("Back").dispatchEvent("click"),
		"the camera may no longer be turned": () => show({ can: { ...can, steer: false } }),
		"the camera is lost": () => show({ peripherals: { ...peripherals, camera: null }, can: { ...can, steer: false } }),
		"the call ends": () => show(scenes["ended-left"]),
	};
	it.each(Object.entries(ends))("when %s", async (_name, end) => {
		const held = await hold();
		await end();
		await expect.poll(() => stops().map((stop) => stop.hold)).toEqual([held]);
		const before = moves().length;
		await page.clock.runFor(1500);
		await page.mouse.up();
		// A thumb may come back, and nothing was said twice.
		rig.room.show(english(scenes["call-equipped"]));
		await drawn();
		await button("Quieter").click();
		await expect.poll(() => rig.room.intents.at(-1)?.type).toBe("panel.volume");
		expect(moves()).toHaveLength(before);
		expect(stops()).toHaveLength(1);
	});

	it("when the connection is lost, and says so again over the next one", async () => {
		const held = await hold();
		const listenPort = Number(new URL(rig.server.url).port);
		await rig.server.close();
		await page.clock.runFor(1000);
		await page.mouse.up();
		rig = await startPanel({ listenPort });
		rig.room.show(english(scenes["call-equipped"]));
		// Short steps, so that the connection can be made between them.
		await vi.waitUntil(
			async () => {
				await page.clock.runFor(100);
				return stops().length > 0;
			},
			{ timeout: 50_000, interval: 20 },
		);
		expect(stops().map((stop) => stop.hold)).toEqual([held]);
		expect(moves()).toEqual([]);
	});

	it("also when the device was too busy to hear it the first time", async () => {
		const held = await hold();
		rig.room.answer = "panel.not_now";
		await page.mouse.up();
		/** The page's time goes on until then: its pause begins when it hears that it was refused, and nobody here sees that. */
		const untilStops = (count: number) =>
			expect
				.poll(async () => {
					if (stops().length < count) await page.clock.runFor(25);
					return stops().length;
				})
				.toBe(count);
		await untilStops(1);
		await untilStops(2);
		rig.room.answer = "ack";
		await untilStops(3);
		await page.clock.runFor(1500);
		await button("Quieter").click();
		await expect.poll(() => rig.room.intents.at(-1)?.type).toBe("panel.volume");
		expect(stops().map((stop) => stop.hold)).toEqual([held, held, held]);
	});

	it("when the device refuses to move, and says why", async () => {
		rig.room.answer = "panel.not_now";
		const held = await hold();
		await page.getByRole("alert").getByText("That is not possible right now.").waitFor();
		rig.room.answer = "ack";
		await expect.poll(() => stops().map((stop) => stop.hold)).toContain(held);
		const before = moves().length;
		await page.clock.runFor(1000);
		expect(moves()).toHaveLength(before);
	});
});

describe("several fingers", () => {
	let session: CDPSession;
	beforeEach(async () => {
		session = await context.newCDPSession(page);
	});
	const touch = (type: "touchStart" | "touchMove" | "touchEnd" | "touchCancel", ...at: { x: number; y: number }[]) =>
		session.send("Input.dispatchTouchEvent", {
			type,
			touchPoints: at.map(({ x, y }, id) => ({ x, y, id })),
		});
	const centreOf = async (name: string) => {
		const box = await button(name).boundingBox();
		if (!box) throw new Error(`no ${name}`);
		return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
	};

	it("the first owns the camera, on pad and zoom alike", async () => {
		const [left, right, zoom] = [await onPad(-0.9, 0), await onPad(0.9, 0), await centreOf("Closer")];
		await touch("touchStart", left);
		await expect.poll(() => moves().length).toBe(1);
		await touch("touchStart", left, right);
		await touch("touchStart", left, right, zoom);
		await page.clock.runFor(300);
		await touch("touchMove", left, await onPad(0, 0.9), zoom);
		await page.clock.runFor(300);
		// the others are lifted
		await touch("touchMove", left);
		await page.clock.runFor(300);
		await expect.poll(() => moves().length).toBeGreaterThanOrEqual(4);
		expect(aims().every(({ pan, zoom: zoomed }) => pan < 0 && zoomed === 0)).toBe(true);
		expect(stops()).toEqual([]);
		await touch("touchEnd");
		await expect.poll(() => stops().map((stop) => stop.hold)).toEqual([moves()[0]?.hold]);
	});

	it("one that the system takes away stops it", async () => {
		await touch("touchStart", await centreOf("Farther"));
		await expect.poll(aims).toEqual([{ pan: 0, tilt: 0, zoom: -0.5 }]);
		await touch("touchCancel");
		await expect.poll(() => stops().length).toBe(1);
	});

	it("one that rests for long opens no menu, and a second one leaves the call", async () => {
		const at = await onPad(0, 0.9);
		await touch("touchStart", at);
		await expect.poll(() => moves().length).toBe(1);
		expect(
			await pad().evaluate((element) =>
				element.dispatchEvent(new MouseEvent("contextmenu", { bubbles: true, cancelable: true })),
			),
		).toBe(false);
		await touch("touchStart", at, await centreOf("Leave"));
		await touch("touchMove", at);
		await button("Leave").dispatchEvent("click");
		await expect.poll(() => rig.room.intents.at(-1)?.type).toBe("panel.leave");
		await touch("touchEnd");
	});
});

describe("by keyboard and by screen reader", () => {
	it("arrows, + and - turn the camera for as long as they are held", async () => {
		await button("Up").focus();
		await page.keyboard.down("ArrowLeft");
		await expect.poll(aims).toEqual([{ pan: -0.5, tilt: 0, zoom: 0 }]);
		// a key that is held is said again by the system, too
		await page.keyboard.down("ArrowLeft");
		await page.keyboard.down("ArrowUp");
		await page.clock.runFor(50);
		await expect.poll(() => aims().at(-1)).toEqual({ pan: -0.5, tilt: 0.5, zoom: 0 });
		await page.keyboard.up("ArrowLeft");
		await page.clock.runFor(50);
		await expect.poll(() => aims().at(-1)).toEqual({ pan: 0, tilt: 0.5, zoom: 0 });
		expect(stops()).toEqual([]);
		await page.keyboard.up("ArrowUp");
		await expect.poll(() => stops().length).toBe(1);
		expect(moves()).toHaveLength(3);
		await page.keyboard.down("+");
		await expect.poll(() => aims().at(-1)).toEqual({ pan: 0, tilt: 0, zoom: 0.5 });
		await page.keyboard.up("+");
		await expect.poll(() => stops().length).toBe(2);
	});

	it("Enter and Space hold the button that has the focus", async () => {
		await button("Right").focus();
		await page.keyboard.down("Enter");
		await expect.poll(aims).toEqual([{ pan: 0.5, tilt: 0, zoom: 0 }]);
		await page.keyboard.up("Enter");
		await expect.poll(() => stops().length).toBe(1);
		await button("Farther").focus();
		await page.keyboard.down("Space");
		await expect.poll(() => aims().at(-1)).toEqual({ pan: 0, tilt: 0, zoom: -0.5 });
		await page.keyboard.up("Space");
		await expect.poll(() => stops().length).toBe(2);
		expect(moves()).toHaveLength(2);
	});

	it("a key that is down when the focus goes stops it, and does not go on when the focus is back", async () => {
		await button("Down").focus();
		await page.keyboard.down("ArrowDown");
		await expect.poll(() => moves().length).toBe(1);
		await button("Leave").focus();
		await expect.poll(() => stops().length).toBe(1);
		await button("Down").focus();
		await page.keyboard.down("ArrowDown");
		await page.clock.runFor(1000);
		expect(moves()).toHaveLength(1);
		await page.keyboard.up("ArrowDown");
	});

	it("a press without a length turns it a little, and stops it", async () => {
		await button("Left").evaluate((element: HTMLButtonElement) => element.click());
		await expect.poll(aims).toEqual([{ pan: -0.5, tilt: 0, zoom: 0 }]);
		await page.clock.runFor(250);
		await expect.poll(() => stops().map((stop) => stop.hold)).toEqual([moves()[0]?.hold]);
	});
});
