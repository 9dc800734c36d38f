import { RoomError } from "../../device/core/RoomError.ts";

/** GUIDs as UEFI writes them: the first three parts little-endian. */
export function guid(text: string): Buffer {
	const [a = "", b = "", c = "", d = "", e = ""] = text.split("-");
	return Buffer.concat([
		Buffer.from(a, "hex").reverse(),
		Buffer.from(b, "hex").reverse(),
		Buffer.from(c, "hex").reverse(),
		Buffer.from(d + e, "hex"),
	]);
}

const volume = guid("fff12b8d-7696-4c8b-a985-2747075b4f50");
const authenticatedStore = guid("aaf32c78-947b-439a-a180-2e144ec37792");
const global = guid("8be4df61-93ca-11d2-aa0d-00e098032b8c");
const imageSecurity = guid("d719b2cb-3d3a-4596-a3bc-dad00e67656f");
const secureBootEnable = guid("f0a30bc7-af08-4556-99c4-001009c93a44");
const x509 = guid("a5c059a1-94e4-4aa7-87b5-ab155c2bf072");
const owner = guid("1ca3e7a0-0000-4000-8000-0000000000ff");

/** Kept without power; readable before and after the system starts; changed only by who is authenticated (UEFI 2.10, 8.2). */
const KEPT = 1;
const BEFORE = 2;
const AFTER = 4;
const AUTHENTICATED = 0x20;

/** EFI_SIGNATURE_LIST with one certificate (UEFI 2.10, 32.4.1). */
export function signatureList(certificate: Buffer): Buffer {
	const head = Buffer.alloc(28);
	x509.copy(head, 0);
	head.writeUInt32LE(28 + 16 + certificate.length, 16);
	head.writeUInt32LE(0, 20);
	head.writeUInt32LE(16 + certificate.length, 24);
	return Buffer.concat([head, owner, certificate]);
}

/** AUTHENTICATED_VARIABLE_HEADER, name and value, as EDK II lays them out (MdeModulePkg, VariableFormat.h). */
function variable(name: string, vendor: Buffer, attributes: number, value: Buffer): Buffer {
	const words = Buffer.from(`${name}\0`, "utf16le");
	const head = Buffer.alloc(60);
	head.writeUInt16LE(0x55aa, 0);
	head.writeUInt8(0x3f, 2);
	head.writeUInt32LE(attributes, 4);
	// when it was set, EFI_TIME: an update has to be younger
	head.writeUInt16LE(2026, 16);
	head.writeUInt8(1, 18);
	head.writeUInt8(1, 19);
	head.writeUInt32LE(words.length, 36);
	head.writeUInt32LE(value.length, 40);
	vendor.copy(head, 44);
	const all = Buffer.concat([head, words, value]);
	return Buffer.concat([all, Buffer.alloc((4 - (all.length % 4)) % 4, 0xff)]);
}

/**
 * The emulator's firmware memory with Secure Boot on and one key in it: what a technician's enrolment of our key does to a real machine.
 *
 * @param empty OVMF's memory as Debian ships it
 * @param certificate DER
 * @throws RoomError `image.not_firmware_memory`
 */
export function firmwareVariables(empty: Buffer, certificate: Buffer): Buffer {
	const start = empty.readUInt16LE(48);
	const isStore =
		empty.subarray(16, 32).equals(volume) &&
		empty.toString("latin1", 40, 44) === "_FVH" &&
		empty.subarray(start, start + 16).equals(authenticatedStore);
	if (!isStore) throw new RoomError("image.not_firmware_memory", "the file is no memory of OVMF's variables");
	const keys = KEPT | BEFORE | AFTER | AUTHENTICATED;
	const list = signatureList(certificate);
	const all = Buffer.concat([
		variable("SecureBootEnable", secureBootEnable, KEPT | BEFORE, Buffer.from([1])),
		variable("db", imageSecurity, keys, list),
		variable("KEK", global, keys, list),
		variable("PK", global, keys, list),
	]);
	const first = start + 28;
	if (!empty.subarray(first, first + all.length).every((byte) => byte === 0xff)) {
		throw new RoomError("image.not_firmware_memory", "the memory of OVMF's variables is not empty");
	}
	const filled = Buffer.from(empty);
	all.copy(filled, first);
	return filled;
}
