import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as z from "zod/mini";
import { decodePayload, encodePayload, PAYLOAD_BYTES } from "../../../provisioning/contract/envelope.ts";
import { presence, ringFrame } from "../../../provisioning/contract/ring.ts";
import { deviceRights, parseTopic, topics } from "../../../provisioning/contract/topics.ts";
import { deviceAcl } from "../../../provisioning/service/broker/mosquittoAcl.ts";

const envelope = { v: 1, mid: "A".repeat(22), ts: 1 } as const;
const bytes = (text: string) => new TextEncoder().encode(text);

describe("topics", () => {
	const id = fc.stringMatching(/^[a-z0-9-]{8,40}$/);
	test("are read as they are written", () => {
		fc.assert(
			fc.property(id, id, (a, b) => {
				expect(parseTopic(topics.presence(a))).toEqual({ kind: "presence", id: a });
				expect(parseTopic(topics.ring(a, b))).toEqual({ kind: "ring", to: a, from: b });
			}),
		);
	});
	test("of other forms are none of ours", () => {
		fc.assert(fc.property(fc.string(), (text) => parseTopic(text) === null));
		for (const other of [
			"ic/1/d/room-berlin/presence/",
			"/ic/1/d/room-berlin/presence",
			"ic/2/d/room-berlin/presence",
			"ic/1/d/room-berlin/ring",
			"ic/1/d/room-berlin/ring/+",
			"ic/1/d/room-berlin/ring/room-munich/x",
			"ic/1/d/+/presence",
			"ic/1/d/ROOM-BERLIN/presence",
			"ic/1/d/room-berlin\n/presence",
		]) {
			expect(parseTopic(other)).toBeNull();
		}
	});
	test("a device may write only where its own name stands, and mosquitto is told just that", () => {
		for (const { access, topic } of deviceRights) if (access === "write") expect(topic).toContain("{self}");
		const said = deviceAcl()
			.split("\n")
			.filter((line) => line.startsWith("pattern"));
		expect(said).toHaveLength(deviceRights.length);
		expect(said).toContain("pattern write ic/1/d/+/ring/%c");
		for (const line of said.filter((line) => line.startsWith("pattern write"))) expect(line).toContain("%c");
	});
});

describe("payloads", () => {
	test("are strict on the way out and tolerant on the way in", () => {
		const value = { ...envelope, epoch: 1, online: true };
		const extra = { ...value, later: "version" };
		expect(JSON.parse(new TextDecoder().decode(encodePayload(presence, extra)))).toEqual(value);
		expect(decodePayload(presence, bytes(JSON.stringify(extra)))).toEqual({ ok: true, value });
		expect(() => encodePayload(presence, { ...value, epoch: -1 })).toThrow(TypeError);
		expect(() => encodePayload(z.object({ text: z.string() }), { text: "x".repeat(PAYLOAD_BYTES) })).toThrow(
			RangeError,
		);
	});
	test("of another version, too large or malformed are told apart", () => {
		const reason = (text: string) => {
			const decoded = decodePayload(ringFrame, bytes(text));
			return decoded.ok ? null : decoded.reason;
		};
		expect(reason('{"v":2}')).toBe("version_unknown");
		expect(reason(`{"v":1,"pad":"${"x".repeat(PAYLOAD_BYTES)}"}`)).toBe("too_large");
		expect(reason('{"v":1')).toBe("malformed");
		expect(reason('{"v":"1"}')).toBe("malformed");
		expect(decodePayload(ringFrame, new Uint8Array([0xff]))).toEqual({ ok: false, reason: "malformed" });
	});
	test("never throw, whatever arrives", () => {
		fc.assert(
			fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.json().map(bytes)), (payload) => {
				for (const schema of [presence, ringFrame]) expect(decodePayload(schema, payload)).toHaveProperty("ok");
			}),
		);
	});
});
