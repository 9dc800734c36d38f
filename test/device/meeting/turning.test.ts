/** Far-end camera control as the meeting carries it: signed, sealed, numbered, only while it was allowed, and no faster than a thumb. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../../device/core/clock.ts";
import { readAnswer } from "../../../device/meeting/handshake.ts";
import { createGuestIdentity } from "../../../device/meeting/identity.ts";
import { readHeader, signMessage } from "../../../device/meeting/jws.ts";
import { MEETING_VERSION } from "../../../device/meeting/messages.ts";
import { SignalChannel } from "../../../device/meeting/SignalChannel.ts";
import { IncomingTurns, type TurnOffer, type TurnWish, turnWish } from "../../../device/meeting/turning.ts";
import type { LinkHolder } from "../../sim/meeting/LinkHolder.ts";
import { MeetingRig, type Seat } from "../../sim/meeting/MeetingRig.ts";

const offerSdp = readFileSync(join(import.meta.dirname, "corpus", "chromium-offer.sdp"), "utf8");
const open = { microphone: true, camera: true };
const turn: TurnOffer = {
	presets: [
		{ number: 0, name: "Tisch" },
		{ number: 3, name: null },
	],
};
const mayTurn = (seat: Seat): boolean => seat.all("farMedia").at(-1)?.turn !== undefined;
const right = (hold: string): TurnWish => ({ do: "move", hold, pan: 0.5, tilt: 0, zoom: 0 });

let rig: MeetingRig;
beforeEach(async () => {
	rig = await MeetingRig.create();
});
afterEach(() => rig.stop());

describe("a far end that may turn the camera", () => {
	it("is told so, and where it can be sent to, and no more when that is over", async () => {
		const { room, guest } = await rig.call();
		await rig.until(() => guest.has("farMedia"));
		expect(guest.last("farMedia")).toEqual(open);
		room.meeting.setMedia({ ...open, turn });
		await rig.until(() => guest.all("farMedia").length === 2);
		expect(guest.last("farMedia")).toEqual({ ...open, turn });
		room.meeting.setMedia({ ...open, turn: null });
		await rig.until(() => guest.all("farMedia").length === 3);
		expect(guest.last("farMedia")).toEqual(open);
	});

	it("is told so again after a rebuild", async () => {
		const { room, guest } = await rig.call();
		room.meeting.setMedia({ ...open, turn });
		await rig.until(() => guest.all("farMedia").length === 2);
		rig.network.cut();
		await rig.until(() => guest.all("connected").length === 2 && guest.all("farMedia").length === 3);
		expect(guest.last("farMedia")).toEqual({ ...open, turn });
	});

	it("is told names that can be drawn", async () => {
		const { room, guest } = await rig.call();
		room.meeting.setMedia({ ...open, turn: { presets: [{ number: 1, name: "A\u202eb\n c" }] } });
		await rig.until(() => mayTurn(guest));
		expect(guest.last("farMedia").turn?.presets).toEqual([{ number: 1, name: "Ab c" }]);
	});

	it("is heard, in order", async () => {
		const { room, guest } = await rig.call();
		room.meeting.setMedia({ ...open, turn });
		await rig.until(() => mayTurn(guest));
		const wishes: TurnWish[] = [right("a"), { do: "stop", hold: "a" }, { do: "recall", preset: 3 }];
		for (const wish of wishes) guest.meeting.turn(wish);
		await rig.until(() => room.all("farTurn").length === 3);
		expect(room.all("farTurn")).toEqual(wishes);
	});

	it("is not heard once it may not any more, nor one that never might", async () => {
		const { room, guest } = await rig.call();
		guest.meeting.turn(right("a"));
		room.meeting.turn(right("a"));
		await rig.until(() => Number(room.meeting.dropped["uninvited"]) + Number(guest.meeting.dropped["uninvited"]) === 2);
		room.meeting.setMedia({ ...open, turn });
		room.meeting.setMedia(open);
		guest.meeting.turn(right("a"));
		await rig.until(() => room.meeting.dropped["uninvited"] === 2);
		expect(room.has("farTurn") || guest.has("farTurn")).toBe(false);
		expect(room.has("failed")).toBe(false);
	});
});

describe("whoever holds the link", () => {
	let room: Seat;

	/** A guest that made the handshake by hand and may turn the room's camera. */
	async function allowedGuest(): Promise<{ holder: LinkHolder; callId: string; channel: SignalChannel }> {
		room = await rig.room({ media: { ...open, turn } });
		await rig.until(() => room.has("alone"));
		const holder = await rig.linkHolder();
		const sent = await holder.offer(offerSdp);
		const heard = (type: string) => holder.heard.find((jws) => readHeader(jws).typ === type);
		await rig.until(() => heard("incamera-answer") !== undefined);
		const { confirm } = await readAnswer(holder.context, sent, heard("incamera-answer") ?? "");
		await holder.say(confirm);
		const channel = new SignalChannel({ callId: sent.callId, role: "offerer", identity: holder.context.identity });
		return { holder, callId: sent.callId, channel };
	}
	const turns = () => room.all("farTurn").length;

	it("forges nobody's wish: what is signed by another key is counted", async () => {
		const { holder, callId, channel } = await allowedGuest();
		const forger = new SignalChannel({ callId, role: "offerer", identity: await createGuestIdentity() });
		await holder.say(await forger.sign({ kind: "turn", wish: right("a") }));
		await rig.until(() => room.meeting.dropped["unsigned"] === 1);
		await holder.say(await channel.sign({ kind: "turn", wish: right("b") }));
		await rig.until(() => turns() === 1);
		expect(room.all("farTurn")).toEqual([right("b")]);
	});

	it("repeats no wish: neither the sealed frame nor the message sealed anew", async () => {
		const { holder, channel } = await allowedGuest();
		const jws = await channel.sign({ kind: "turn", wish: right("a") });
		await holder.say(jws);
		await rig.until(() => turns() === 1);
		await holder.say(jws);
		await rig.until(() => room.meeting.dropped["stale"] === 1);
		const frame = rig.relay.seen.at(-1);
		if (frame) rig.relay.deliver(frame.to, frame.frame);
		await rig.until(() => room.meeting.dropped["repeated"] === 1);
		expect(turns()).toBe(1);
	});

	it("is not heard before the handshake's end", async () => {
		room = await rig.room({ media: { ...open, turn } });
		await rig.until(() => room.has("alone"));
		const holder = await rig.linkHolder();
		const sent = await holder.offer(offerSdp);
		await rig.until(() => holder.heard.some((jws) => readHeader(jws).typ === "incamera-answer"));
		const channel = new SignalChannel({ callId: sent.callId, role: "offerer", identity: holder.context.identity });
		await holder.say(await channel.sign({ kind: "turn", wish: right("a") }));
		await rig.until(() => room.meeting.dropped["stale"] === 1);
		expect(turns()).toBe(0);
	});

	it.each([
		["a hold of a megabyte's beginning", { do: "move", hold: "x".repeat(30_000), pan: 0, tilt: 0, zoom: 0 }],
		["a hold that is no word", { do: "stop", hold: "../../x" }],
		["a speed beyond the fastest", { do: "move", hold: "a", pan: 1e9, tilt: 0, zoom: 0 }],
		["no speed", { do: "move", hold: "a", pan: null, tilt: 0, zoom: 0 }],
		["a preset between two", { do: "recall", preset: 0.5 }],
		["what no version knows", { do: "reboot" }],
		["nothing", null],
	])("says %s, which is counted as unreadable, and the call goes on", async (_, wish) => {
		const { holder, callId, channel } = await allowedGuest();
		const { privateKey } = holder.context.identity;
		const payload = { v: MEETING_VERSION, callId, role: "offerer", seq: 0, body: { kind: "turn", wish } };
		await holder.say(await signMessage({ type: "incamera-signal", payload, privateKey }));
		await rig.until(() => room.meeting.dropped["malformed"] === 1);
		await channel.sign({ kind: "turn", wish: right("unsent") });
		await holder.say(await channel.sign({ kind: "turn", wish: right("b") }));
		await rig.until(() => turns() === 1);
		expect(room.has("failed")).toBe(false);
	});

	it("says ten thousand things: a thumb's worth is heard, the rest is counted, and the call goes on", async () => {
		const { holder, channel } = await allowedGuest();
		const many = 10_000;
		// at once as far as it goes: what one overtakes is late, and counted as that
		const atOnce = 250;
		for (let n = 0; n < many; n += atOnce) {
			const some = Array.from({ length: atOnce }, (_, i) => channel.sign({ kind: "turn", wish: right(`h${n + i}`) }));
			await Promise.all((await Promise.all(some)).map((jws) => holder.say(jws)));
		}
		const lost = () =>
			["tooFast", "overflow", "stale"].reduce((sum, reason) => sum + Number(room.meeting.dropped[reason]), 0);
		await rig.until(() => turns() + lost() === many);
		expect(turns()).toBeLessThanOrEqual(20);
		// what is still moving is stopped, however fast everything came
		const last = room.all("farTurn").at(-1);
		const hold = last?.do === "move" ? last.hold : "";
		await holder.say(await channel.sign({ kind: "turn", wish: { do: "stop", hold } }));
		await rig.until(() => room.all("farTurn").at(-1)?.do === "stop");
		expect(room.has("failed") || room.has("ended")).toBe(false);
	}, 120_000);
});

describe("IncomingTurns", () => {
	const hold = fc.constantFrom("a", "b", "c");
	const speed = fc.double({ min: -1, max: 1, noNaN: true });
	const wish = fc.oneof(
		fc.record({ do: fc.constant("move" as const), hold, pan: speed, tilt: speed, zoom: speed }),
		fc.record({ do: fc.constant("stop" as const), hold }),
		fc.record({ do: fc.constant("recall" as const), preset: fc.nat({ max: 255 }) }),
	);
	const step = fc.record({ wish, invited: fc.boolean(), pauseMs: fc.nat({ max: 200 }) });

	it("hands nothing on uninvited, and never holds back the stop of what it let move last", () => {
		fc.assert(
			fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
				const clock = new ManualClock(0);
				const turns = new IncomingTurns(clock);
				let moving: string | null = null;
				for (const { wish, invited, pauseMs } of steps) {
					clock.advance(pauseMs);
					const taken = turns.take(wish, invited);
					if (!invited) {
						expect(taken).toBe(false);
						moving = null;
					} else if (wish.do === "stop" && wish.hold === moving) {
						expect(taken).toBe(true);
						moving = null;
					} else if (taken && wish.do === "move") moving = wish.hold;
				}
			}),
		);
	});

	it("reads what it wrote, and nothing that is not a wish", () => {
		fc.assert(
			fc.property(wish, (one) => {
				expect(turnWish.parse(one)).toEqual(one);
			}),
		);
		fc.assert(
			fc.property(fc.anything(), (value) => {
				expect(turnWish.safeParse(value).success).toBe(false);
			}),
		);
	});
});
