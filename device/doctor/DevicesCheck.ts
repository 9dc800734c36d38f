import { DeviceMonitor } from "../media/gst/index.ts";
import { type Check, care, type Finding, fine } from "./Check.ts";

const kinds = [
	{ word: "camera", classes: "Video/Source" },
	{ word: "microphone", classes: "Audio/Source" },
	{ word: "speaker", classes: "Audio/Sink" },
] as const;

/** Which camera, microphone and speaker the room would find. */
export class DevicesCheck implements Check {
	readonly id = "devices";
	readonly title = "Camera, microphone, speaker";

	async run(): Promise<Finding> {
		const counts = new Map<string, number>();
		for (const { word, classes } of kinds) counts.set(word, await count(classes));
		const missing = kinds.map(({ word }) => word).filter((word) => !counts.get(word));
		const found = kinds.map(({ word }) => `${word}: ${counts.get(word) || "none"}`).join(", ");
		if (missing.length === 0) return fine(found);
		return care(
			"doctor.device_missing",
			found,
			`Plug a ${missing.join(" and a ")} in, or see with \`ls -l /dev/video* /dev/snd\` whether this user may open it (groups video, audio). Until then the room uses a test picture and a tone.`,
		);
	}
}

async function count(classes: string): Promise<number> {
	const monitor = new DeviceMonitor([{ classes }]);
	try {
		if (!(await monitor.start())) return 0;
		const devices = monitor.devices();
		for (const device of devices) device.dispose();
		return devices.length;
	} finally {
		await monitor.dispose();
	}
}
