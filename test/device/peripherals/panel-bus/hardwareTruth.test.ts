import { beforeEach, describe, expect, test } from "vitest";
import { timing } from "../../../../device/peripherals/panel-bus/timing.ts";
import { connectedEvent, openSource, RoomBench } from "../../room/RoomBench.ts";
import { PanelBusBench } from "./PanelBusBench.ts";

/*
 * From the key under a finger to what leaves the room: the reference device, its line, the driver, and a whole room in a call whose engine and
 * far end are simulated. What the composition root does between them is one line.
 */

let bus: PanelBusBench;
let room: RoomBench;

beforeEach(async () => {
	bus = await new PanelBusBench().ready();
	bus.device.moveShutterByHand(false);
	room = new RoomBench().ready();
	const tell = () => room.room.tell({ type: "hardware.changed", ...bus.driver.status });
	bus.driver.onStatus(tell);
	tell();
	room.room.intent({ type: "panel.join", entry: "entry" });
	room.session?.(connectedEvent);
	room.room.tell({ type: "sources.changed", microphone: openSource, camera: openSource });
	await room.settled();
});

const touch = (on: boolean) => room.room.intent({ type: "panel.microphone", on });
async function leaves(): Promise<{ microphone: string; camera: string }> {
	await room.settled();
	const { microphone, camera } = room.engine.state;
	expect(room.toldFarEnd).toEqual({ microphone: microphone === "open", camera: camera === "open" });
	return { microphone, camera };
}
const open = { microphone: "open", camera: "open" };

describe("in a call", () => {
	test("the key mutes before its frame's turn is over, the panel can't open it, and letting go gives it back", async () => {
		expect(await leaves()).toEqual(open);
		bus.device.pressMuteKey(true);
		expect(room.room.snapshot()).toMatchObject({
			can: { microphone: false, camera: true },
			peripherals: { hardware: { muteKey: true } },
		});
		expect(touch(true)).toBe("panel.not_now");
		expect(await leaves()).toEqual({ microphone: "muted", camera: "open" });
		bus.device.pressMuteKey(false);
		expect(await leaves()).toEqual(open);
	});

	test("a shutter that a hand closed hides the camera, and no software opens either", async () => {
		bus.device.moveShutterByHand(true);
		expect(await leaves()).toEqual({ microphone: "open", camera: "muted" });
		await expect(bus.driver.shutter(false)).rejects.toMatchObject({ code: "peripheral.held_by_hand" });
		expect(room.room.intent({ type: "panel.camera", on: true })).toBe("panel.not_now");
		expect(await leaves()).toEqual({ microphone: "open", camera: "muted" });
		bus.device.moveShutterByHand(false);
		expect(await leaves()).toEqual(open);
	});

	test.each([
		["is pulled out", (b: PanelBusBench) => b.link.down("link.lost")],
		["falls silent", (b: PanelBusBench) => Object.assign(b.line, { silent: true })],
	])("a device that %s while its key is pressed unmutes nobody; a touch on the panel does", async (_, lose) => {
		bus.device.pressMuteKey(true);
		lose(bus);
		await bus.pass(2 * timing.deviceLostMs);
		expect(bus.driver.status.muteKey).toBeNull();
		expect(await leaves()).toEqual({ microphone: "muted", camera: "open" });
		// let go while nobody could see it
		bus.device.pressMuteKey(false);
		Object.assign(bus.line, { silent: false });
		if (bus.link.state.name !== "up") bus.link.up();
		await bus.pass(3000);
		expect(bus.driver.status.muteKey).toBe(false);
		expect((await leaves()).microphone).toBe("muted");
		expect(touch(true)).toBe("ack");
		expect((await leaves()).microphone).toBe("open");
	});

	test("a device that loses power while its key is pressed, and forgets it, unmutes nobody", async () => {
		bus.device.pressMuteKey(true);
		bus.device.stop();
		bus.device.pressMuteKey(false);
		bus.device.start();
		await bus.pass(3000);
		expect(bus.driver.status.muteKey).toBe(false);
		expect((await leaves()).microphone).toBe("muted");
	});

	test("a key pressed whose report got lost mutes by the next heartbeat, and 10 000 touches end as the last one", async () => {
		bus.line.loseReports = 1;
		bus.device.pressMuteKey(true);
		await bus.pass(timing.reportMs);
		expect((await leaves()).microphone).toBe("muted");
		for (let touches = 0; touches < 10_000; touches++) bus.device.pressMuteKey(touches % 2 === 1);
		expect((await leaves()).microphone).toBe("muted");
		bus.device.pressMuteKey(false);
		expect((await leaves()).microphone).toBe("open");
	});
});

test("outside a call a key opens nothing", async () => {
	room.room.intent({ type: "panel.leave" });
	bus.device.pressMuteKey(true);
	bus.device.pressMuteKey(false);
	await room.settled();
	expect(room.engine.state).toEqual({ microphone: "closed", camera: "closed" });
});
