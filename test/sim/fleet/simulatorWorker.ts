/** A forked process of the fleet simulator: some thousand devices. Ends when its parent lets go of it. */
import { onParentGone } from "../../../device/core/onParentGone.ts";
import { deviceTime } from "./deviceTime.ts";
import { SimulatedDevice } from "./SimulatedDevice.ts";
import type { FromSimulator, SimulatedIdentity, SimulatorNews, ToSimulator } from "./simulatorProtocol.ts";
import { walkThroughJobs } from "./walkThroughJobs.ts";

const GATHER_MS = 50;
const clock = deviceTime();
const devices: SimulatedDevice[] = [];
const say = (message: FromSimulator): void => {
	// The parent may go at any moment.
	if (process.connected) process.send?.(message, () => {});
};
let news: SimulatorNews[] = [];
function note(one: SimulatorNews): void {
	if (news.length === 0) {
		setTimeout(() => {
			say({ t: "news", news });
			news = [];
		}, GATHER_MS);
	}
	news.push(one);
}

function simulate({ id, key, chain, ca, broker, facts }: SimulatedIdentity): SimulatedDevice {
	// Its key is only used by TLS: none for signing is made of it.
	const identity = { id, key: { pem: key, keys: null as never }, chain, ca, brokers: [broker], rendezvous: "" };
	const device = new SimulatedDevice({ identity, facts, clock });
	device.events.on("online", () => note({ is: "online", device: id, atMs: Date.now() }));
	device.events.on("offline", () => note({ is: "lost", device: id, atMs: Date.now() }));
	device.events.on("applied", ({ rev }) => note({ is: "applied", device: id, rev, atMs: Date.now() }));
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
	say({ t: "told" });
}

process.on("message", (message: ToSimulator) => {
	if (message.t === "start") void start(message.identities, message.everyMs);
	else void tell(message.each);
});
onParentGone(() => process.exit(0));
