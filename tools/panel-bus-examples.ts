/**
 * Writes the worked examples of `docs/panel-bus.md`: a conversation with the reference device, and one frame taken apart. A test holds the
 * page to them, so that what a maker reads is what the room speaks.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ManualClock } from "../device/core/clock.ts";
import { crc16 } from "../device/peripherals/panel-bus/crc16.ts";
import { type Packet, readFrame, VERSION } from "../device/peripherals/panel-bus/frame.ts";
import { type HostMessage, readMessage, writeMessage } from "../device/peripherals/panel-bus/messages.ts";
import { ReferenceDevice } from "../test/sim/panel-bus/ReferenceDevice.ts";

export const panelBusPage = join(import.meta.dirname, "..", "docs", "panel-bus.md");
const [from, to] = ["<!-- examples: made by tools/panel-bus-examples.ts -->", "<!-- end of examples -->"];

const hex = (bytes: Uint8Array): string =>
	[...bytes].map((byte) => byte.toString(16).toUpperCase().padStart(2, "0")).join(" ");

/** Fields that the page speaks of in hex. */
const bits = new Set(["of", "parts", "broken"]);
const hexOf = (value: unknown): string => Number(value).toString(16).toUpperCase().padStart(2, "0");

function conversation(): string {
	const rows: string[] = [];
	const clock = new ManualClock();
	const device = new ReferenceDevice({ clock, send: (frame) => said("device", frame), firmware: "1.0.0" });
	const said = (who: string, frame: Uint8Array) => {
		const packet = readFrame(frame.subarray(0, -1));
		const message = packet && readMessage(packet);
		const fields = Object.entries(message ?? {}).filter(([name]) => name !== "name");
		const told = fields.map(([name, value]) => `${name} ${bits.has(name) ? hexOf(value) : spell(value)}`).join(", ");
		rows.push(`| ${who} | ${message?.name}${told && `: ${told}`} | \`${hex(frame)}\` |`);
	};
	let sequence = 0;
	const ask = (message: HostMessage) => {
		const frame = writeMessage(message, message.name === "beat" ? 0 : ++sequence);
		said("room", frame);
		device.receive(frame);
	};
	device.start();
	ask({ name: "hello", lowest: VERSION, highest: VERSION });
	ask({ name: "set_light", light: "busy" });
	ask({ name: "set_shutter", closed: false });
	ask({ name: "beat" });
	device.pressMuteKey(true);
	device.moveShutterByHand(true);
	ask({ name: "set_shutter", closed: false });
	ask({ name: "recall", counter: device.counter - 1 });
	ask({ name: "set_mute_lamp", on: true });
	return ["| who | what | bytes |", "| --- | --- | --- |", ...rows].join("\n");
}

/** States by what is so in them, texts and numbers as they are. */
function spell(value: unknown): string {
	if (Array.isArray(value)) return `[${value.map(spell).join("; ")}]`;
	if (typeof value !== "object" || value === null) return typeof value === "string" ? `“${value}”` : String(value);
	const so = Object.entries(value).filter(([, is]) => is === true);
	return so.map(([name]) => name).join(" + ") || "nothing";
}

function takenApart(): string {
	const state = { muteKey: true, shutterClosed: false, shutterByHand: false, occupied: true };
	const frame = writeMessage({ name: "report", counter: 258, state, broken: 0 }, 0);
	const { version, type, sequence, payload } = readFrame(frame.subarray(0, -1)) as Packet;
	const packet = Uint8Array.of(version, type, sequence, payload.length, ...payload);
	const stuffed = frame.subarray(0, -4);
	const rows = [
		["header: version, type, sequence, length", hex(packet.subarray(0, 4))],
		["payload: counter 258, key pressed and somebody there, nothing broken", hex(payload)],
		["packet, stuffed", hex(stuffed)],
		[
			`check of the stuffed bytes: ${crc16(stuffed).toString(16).toUpperCase().padStart(4, "0")}, in three bytes`,
			hex(frame.subarray(-4, -1)),
		],
		["the frame", hex(frame)],
	];
	return ["| | |", "| --- | --- |", ...rows.map(([what, bytes]) => `| ${what} | \`${bytes}\` |`)].join("\n");
}

/** The page with its examples as they are today. */
export function withExamples(page: string): string {
	const [start, end] = [page.indexOf(from), page.indexOf(to)];
	const examples = `\n**One frame taken apart**\n\n${takenApart()}\n\n**A conversation**, from power-on\n\n${conversation()}\n\n`;
	return page.slice(0, start + from.length) + examples + page.slice(end);
}

if (import.meta.main) writeFileSync(panelBusPage, withExamples(readFileSync(panelBusPage, "utf8")));
