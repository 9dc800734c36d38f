import { RoomError } from "../../../../device/core/RoomError.ts";
import { seal } from "../../../../provisioning/recovery/envelope.ts";
import type { Slot } from "../../../../provisioning/recovery/luksHeader.ts";
import type { RecoveryCertificate } from "../../../../provisioning/recovery/readCertificate.ts";
import { makeRecoveryKey } from "../../../../provisioning/recovery/recoveryKey.ts";
import type { DataHeader } from "./DataHeader.ts";
import type { EnvelopeFiles } from "./EnvelopeFiles.ts";
import { nextStep, type Step } from "./nextStep.ts";

/** Where the keys are: what a test cuts off. */
export interface Places {
	header: Pick<DataHeader, keyof DataHeader>;
	files: Pick<EnvelopeFiles, keyof EnvelopeFiles>;
}

/** The longest way: both slots of others, a note and a file too many. */
const MOST_STEPS = 16;

/**
 * Brings the data partition to one recovery key for IT's certificate, sealed in a file on the start partition. The key itself is in this program's memory for as long as that
 * takes, and nowhere else ever.
 *
 * @returns how many keys were made: 0 or 1
 * @throws RoomError `recovery.slots_taken`, and those of the places and of `seal`
 */
export async function keepRecoveryKey(places: Places, certificate: RecoveryCertificate): Promise<number> {
	let made = 0;
	for (let steps = 0; steps < MOST_STEPS; steps++) {
		const found = { header: await places.header.read(), files: await places.files.read() };
		const step = nextStep(found, certificate.fingerprint);
		if (step === null) return made;
		if (step === "full")
			throw new RoomError("recovery.slots_taken", "both slots for recovery keys are somebody else's");
		await take(step, places, certificate);
		if (step.do === "makeKey") made++;
	}
	throw new RoomError("recovery.header_failed", "the header does not become what was written to it");
}

async function take(step: Step, { header, files }: Places, certificate: RecoveryCertificate): Promise<void> {
	switch (step.do) {
		case "removeNote":
			return await header.removeNote(step.token);
		case "removeSlot":
			return await header.removeSlot(step.slot);
		case "removeFile":
			return await files.remove(step.slot);
		case "makeKey":
			return await makeKey(step.slot, { header, files }, certificate);
	}
}

/** First the file: a power cut may leave a file that opens nothing, but no slot that nothing opens. */
async function makeKey(slot: Slot, places: Places, certificate: RecoveryCertificate): Promise<void> {
	const key = makeRecoveryKey();
	try {
		const envelope = await places.files.write(slot, await seal(key, certificate));
		await places.header.addKey(slot, key);
		await places.header.addNote(slot, { certificate: certificate.fingerprint, envelope });
	} finally {
		key.fill(0);
	}
}
