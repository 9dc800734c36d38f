import type { Claim } from "../../provisioning/contract/local.ts";
import type { DeviceFacts } from "../../provisioning/contract/twin.ts";
import type { ServiceTrouble } from "../contract/failure.ts";
import { noEquipment, noHardware } from "../contract/peripherals.ts";
import type { Locale, Screen, Snapshot } from "../contract/snapshot.ts";

export interface OutOfService {
	/** Null: the agent hasn't spoken yet. */
	claim: Claim | null;
	/** What stands against the room of a claimed device, or against the agent; before what the agent says. */
	trouble: ServiceTrouble | null;
	/** As last told; null: not told yet. */
	facts: DeviceFacts | null;
	locale: Locale;
	/** This device's addresses. */
	addresses: readonly string[];
	timeZone: string;
	now: number;
}

const nothing: Snapshot["can"] = {
	join: false,
	meetNow: false,
	call: false,
	cancel: false,
	answer: false,
	leave: false,
	microphone: false,
	camera: false,
	compare: false,
	retry: false,
	dismiss: false,
	enrol: false,
	steer: false,
	display: false,
	update: false,
	installStick: false,
	saveSupport: false,
	factoryReset: false,
};
const closed = { state: "closed", flowing: false, device: null } as const;

/** What the panel draws while there is no room: nothing can be opened, and a code can be typed if the device is nobody's. */
export function unclaimedSnapshot(state: OutOfService): Omit<Snapshot, "rev"> {
	const screen = screenOf(state);
	return {
		v: 1,
		now: state.now,
		room: { name: state.facts?.model ?? "InCamera", seats: null, locale: state.locale, timeZone: state.timeZone },
		screen,
		agenda: { entries: [], failure: null },
		directory: [],
		media: { microphone: closed, camera: closed, volume: 0, selfView: false },
		peripherals: { ...noEquipment, hardware: noHardware },
		missing: [],
		identify: null,
		update: null,
		firmware: null,
		reset: null,
		support: null,
		can: { ...nothing, enrol: screen.name === "unclaimed" && screen.step === "code" && state.trouble === null },
	};
}

function screenOf({ claim, trouble, facts, addresses }: OutOfService): Screen {
	const { serial, model, firmware } = facts ?? { serial: "", model: "", firmware: "" };
	const device = { serial, model, firmware, addresses: [...addresses] };
	const screen = { name: "unclaimed", ...device, since: null, failure: trouble, enrolUrl: null } as const;
	switch (claim?.state) {
		case undefined:
			return { ...screen, step: "starting" };
		case "unclaimed":
			return { ...screen, step: "code", failure: trouble ?? claim.failure, enrolUrl: claim.enrolUrl ?? null };
		case "enrolling":
			return { ...screen, step: claim.step, since: claim.since };
		case "claimed":
			return { ...screen, step: "configuring" };
	}
}
