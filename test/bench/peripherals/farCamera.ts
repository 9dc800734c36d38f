/**
 * A simulated camera at the far end of a serial cable, in a process of its own, as a camera is: `farCamera.ts <path> <ms to an answer>`. Tells
 * its parent of each message when it came, by the machine's monotonic clock.
 */
import { systemClock } from "../../../device/core/clock.ts";
import { onParentGone } from "../../../device/core/onParentGone.ts";
import { CameraFirmware } from "../../sim/camera/CameraFirmware.ts";
import { MessageSplitter } from "../../sim/camera/MessageSplitter.ts";
import { SimulatedCamera } from "../../sim/camera/SimulatedCamera.ts";
import { PtyDevice } from "../../sim/line/PtyDevice.ts";

/** `atNs`: decimal, `process.hrtime.bigint()`. */
export interface HeardByCamera {
	atNs: string;
	hex: string;
}

onParentGone(() => process.exit());
const [path = "", answerMs = "0"] = process.argv.slice(2);
const clock = systemClock;
const firmware = new CameraFirmware(new SimulatedCamera({ clock }), { clock, answerMs: Number(answerMs) });
const messages = new MessageSplitter();
await PtyDevice.attach(path, (bytes, say) => {
	const atNs = String(process.hrtime.bigint());
	for (const message of messages.push(bytes)) {
		process.send?.({ atNs, hex: Buffer.from(message).toString("hex") } satisfies HeardByCamera);
		firmware.hear(message, say);
	}
});
process.send?.("ready");
