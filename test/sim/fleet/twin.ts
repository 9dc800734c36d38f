import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Claim } from "../../../provisioning/contract/local.ts";
import type { TwinDoc } from "../../../provisioning/contract/twin.ts";
import type { FleetCa } from "../../../provisioning/service/ca/FleetCa.ts";

/** What a fleet wants the room Berlin to be. */
export const berlinDoc: TwinDoc = {
	room: { name: "Berlin", seats: 8, locale: "de", timeZone: "Europe/Berlin" },
	directory: [{ id: "room-munich", name: "München" }],
	rendezvous: null,
	showTitles: false,
	update: { window: { days: ["sun"], from: "02:00", to: "04:00" } },
};

/** Gives a device an identity of a fleet, as an agent does after enrolment: files in a folder, and what it tells the room program. */
export async function claimed(
	ca: FleetCa,
	options: { folder: string; deviceId: string; generation?: number; rendezvous?: string },
): Promise<Extract<Claim, { state: "claimed" }>> {
	const { deviceId, generation = 1, rendezvous = "http://127.0.0.1:9" } = options;
	const folder = join(options.folder, `identity-${generation}`);
	await mkdir(folder, { recursive: true });
	const credentials = await ca.issueDevice(deviceId);
	const file = async (name: string, content: string): Promise<string> => {
		await writeFile(join(folder, name), content, { mode: 0o600 });
		return join(folder, name);
	};
	const identity = {
		// with the CA after it, as a fleet issues it
		certificate: await file("device.pem", credentials.chain),
		key: await file("device.key.pem", credentials.key),
		ca: await file("ca.pem", ca.certificate),
		crl: join(ca.folder, "crl.pem"),
	};
	return { state: "claimed", deviceId, generation, identity, rendezvous };
}
