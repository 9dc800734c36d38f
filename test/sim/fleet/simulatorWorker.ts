/** A forked process of the fleet simulator: some thousand devices. Ends when its parent lets go of it. */
import { systemClock } from "../../../device/core/clock.ts";
import { onParentGone } from "../../../device/core/onParentGone.ts";
import { SimulatedDevice } from "./SimulatedDevice.ts";
import type { FromSimulator, SimulatedIdentity, ToSimulator } from "./simulatorProtocol.ts";
import { walkThroughJobs } from "./walkThroughJobs.ts";

const devices: SimulatedDevice[] = [];
const online = new Set<string>();
const applied = new Set<string>();
const say = (message: FromSimulator): void => {
	process.send?.(message);
};
let saying = false;
function countSoon(): void {
	if (saying) return;
	saying = true;
	setTimeout(() => {
		saying = false;
		say({ t: "counts", online: online.size, applied: applied.size });
	}, 50);
}

function simulate({ id, key, chain, ca, broker, facts }: SimulatedIdentity): SimulatedDevice {
	// Its key is only used by TLS: none for signing is made of it.
	const identity = { id, key: { pem: key, keys: null as never }, chain, ca, brokers: [broker], rendezvous: "" };
	const device = new SimulatedDevice({ identity, facts, clock: systemClock });
	device.events.on("online", () => {
		online.add(id);
		countSoon();
	});
	device.events.on("offline", () => {
		online.delete(id);
		say({ t: "lost", device: id, atMs: Date.now() });
		countSoon();
	});
	device.events.on("applied", ({ rev }) => {
		applied.add(id);
		say({ t: "applied", device: id, rev, atMs: Date.now() });
		countSoon();
	});
	walkThroughJobs(device);
	return device;
}

async function start(identities: readonly SimulatedIdentity[], everyMs: number): Promise<void> {
	for (const identity of identities) {
		const device = simulate(identity);
		devices.push(device);
		device.start();
		if (everyMs > 0) await new Promise((resolve) => setTimeout(resolve, everyMs));
	}
}

async function tell(each: number): Promise<void> {
	await Promise.all(
		devices.map(async (device) => {
			for (let i = 0; i < each; i++) {
				await device.tell("call.ended", { reason: "call.left", seconds: i, verified: true }).catch(() => {});
			}
		}),
	);
}

process.on("message", (message: ToSimulator) => {
	if (message.t === "start") void start(message.identities, message.everyMs);
	else void tell(message.each);
});
onParentGone(() => process.exit(0));
