import { RoomError } from "../../../../device/core/RoomError.ts";
import { mayFollow, type RecoveryCertificate } from "../../../../provisioning/recovery/readCertificate.ts";

/**
 * The certificate of a set-up file, if a recovery key is to be made for it from now on. `before`: null until the first start is over, "none" if it brought none.
 *
 * The start partition is not encrypted: whoever has the device for an hour could put a certificate of his own there, and with the key that the device would make for it
 * read the data partition. So the first start decides, and afterwards only the holder of the certificate before.
 *
 * @throws RoomError `recovery.too_late`, `recovery.certificate_foreign`
 */
export function certificateFrom(
	before: RecoveryCertificate | "none" | null,
	next: RecoveryCertificate,
): RecoveryCertificate {
	if (before === "none")
		throw new RoomError("recovery.too_late", "a recovery certificate is only taken at the first start: flash again");
	if (before === null || mayFollow(next, before)) return next;
	throw new RoomError("recovery.certificate_foreign", "the holder of the recovery certificate has not signed this one");
}
