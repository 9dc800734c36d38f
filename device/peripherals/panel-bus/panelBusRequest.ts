import { RoomError } from "../../core/RoomError.ts";
import type { Request } from "../link/Request.ts";
import { readFrame } from "./frame.ts";
import { type DeviceMessage, type HostMessage, type Refusal, readMessage, types, writeMessage } from "./messages.ts";
import { RESENDS, timing } from "./timing.ts";

/**
 * One request to the device, and how its answer is known: by its number. What was not answered is sent again under the same number, so
 * that the device does it once. @param take the answer's value; null: it is not the one
 */
export function panelBusRequest<T>(
	message: HostMessage,
	sequence: number,
	take: (answer: DeviceMessage) => T | null,
): Request<T> {
	const frame = writeMessage(message, sequence);
	return {
		frame: () => frame,
		judge(answer) {
			const packet = readFrame(answer);
			const said = packet?.sequence === sequence ? readMessage(packet) : null;
			if (said?.name === "refused" && said.of === types[message.name])
				return { is: "failed", error: refused(said.refusal) };
			const value = said && take(said as DeviceMessage);
			return value === null ? { is: "other" } : { is: "done", value };
		},
		timeoutMs: timing.answerMs,
		resends: RESENDS,
	};
}

const codes: Record<Refusal, string> = {
	other: "peripheral.refused",
	held_by_hand: "peripheral.held_by_hand",
	no_such_part: "peripheral.not_supported",
	bad_value: "peripheral.refused",
	unknown_type: "peripheral.not_supported",
	unknown_version: "peripheral.not_now",
	not_greeted: "peripheral.not_now",
	broken: "peripheral.fault",
};

const refused = (refusal: Refusal): RoomError =>
	new RoomError(codes[refusal], "the device of the panel bus refused", { context: { refusal } });
