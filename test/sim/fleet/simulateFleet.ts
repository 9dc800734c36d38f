/**
 * The process behind `incamera fleet simulate`: enrols a device for each code that it is given, and keeps them all connected until its parent
 * lets go of it. Progress goes back as messages.
 */
import { systemClock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { enrolDevice } from "./enrolDevice.ts";
import { FleetSimulator } from "./FleetSimulator.ts";
import type { SimulatedIdentity } from "./simulatorProtocol.ts";

interface Order {
	/** Of the bootstrap listener, `mqtts://host:port`. */
	bootstrap: string;
	codes: string[];
}

const facts = (index: number) => ({
	model: "Simulated",
	serial: `SIM-${process.pid}-${index}`,
	firmware: "1.0.0",
	slot: "A" as const,
});

async function run({ bootstrap, codes }: Order): Promise<void> {
	const identities: SimulatedIdentity[] = [];
	for (const [index, code] of codes.entries()) {
		const identity = await enrolDevice({ url: bootstrap, code, facts: facts(index), clock: systemClock });
		const { id, key, chain, ca, brokers } = identity;
		identities.push({ id, key: key.pem, chain, ca, broker: brokers[0] as string, facts: facts(index) });
		process.send?.({ enrolled: identities.length });
	}
	const simulator = await FleetSimulator.start({ identities });
	process.once("disconnect", () => void simulator.close().then(() => process.exit(0)));
	for (let online = -1; ; ) {
		await simulator.until((now) => now.online !== online);
		online = simulator.online;
		process.send?.({ online });
	}
}

process.once("message", (order: Order) => {
	run(order).catch((thrown: unknown) => {
		const { code, message } = RoomError.from(thrown, "simulate.failed");
		process.send?.({ failed: { code, message } }, () => process.exit(1));
	});
});
