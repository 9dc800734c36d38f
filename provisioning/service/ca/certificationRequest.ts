import { createPublicKey, verify } from "node:crypto";
import { RoomError } from "../../../device/core/RoomError.ts";
import { x509 } from "./x509.ts";

/** Bytes; the contract allows as much. */
const MOST = 4096;
/** SubjectPublicKeyInfo of a P-256 key (RFC 5480), up to the point; 04: uncompressed. */
const p256Key = Buffer.from("3059301306072a8648ce3d020106082a8648ce3d03010703420004", "hex");
/** AlgorithmIdentifier of ecdsa-with-SHA256 (RFC 5758). */
const ecdsaSha256 = Buffer.from("300a06082a8648ce3d040302", "hex");
const POINT_BYTES = 64;
const version0 = Buffer.from("020100", "hex");
const noAttributes = Buffer.from("a000", "hex");
const commonName = Buffer.from("0603550403", "hex");
/** UTF8String and PrintableString: the two forms in which programs write a CN. */
const stringTags = [0x0c, 0x13];

/**
 * The public key of a certification request (PKCS #10, RFC 2986) that asks for nothing but a signature on a P-256 key for `deviceId`:
 * subject empty or exactly that CN, no attribute, no extension, signed by the key itself.
 *
 * What such a request looks like is known to the byte, so it is compared, not interpreted: what two parsers could read in two ways is
 * refused. Error: `enrol.csr_refused`.
 */
export function readCertificationRequest(request: Uint8Array, deviceId: string): x509.PublicKey {
	const bytes = Buffer.from(request);
	if (bytes.length > MOST) throw refused("it is too long");
	try {
		const [inner, rest] = split(bytes, 0x30);
		const [info, signed] = split(inner, 0x30, true);
		if (rest.length > 0 || !asExpected(info, deviceId)) throw new RangeError("it asks for something else");
		if (!signed.subarray(0, ecdsaSha256.length).equals(ecdsaSha256)) throw new RangeError("another algorithm");
		const [bits, more] = split(signed.subarray(ecdsaSha256.length), 0x03);
		if (more.length > 0 || bits[0] !== 0) throw new RangeError("not the DER of a signature");
		const spki = keyOf(info);
		// OpenSSL refuses a point that is not on the curve, and any signature but DER.
		const key = createPublicKey({ key: spki, format: "der", type: "spki" });
		if (!verify("sha256", info, key, bits.subarray(1))) throw new RangeError("its signature is wrong");
		return new x509.PublicKey(new Uint8Array(spki));
	} catch (cause) {
		throw refused("it is not what a device sends", cause);
	}
}

/** Whether the part that is signed is one of the few that we sign for. */
function asExpected(info: Buffer, deviceId: string): boolean {
	const id = Buffer.from(deviceId);
	const subjects = [
		element(0x30),
		...stringTags.map((tag) =>
			element(0x30, element(0x31, element(0x30, Buffer.concat([commonName, element(tag, id)])))),
		),
	];
	return subjects.some((subject) =>
		element(0x30, Buffer.concat([version0, subject, keyOf(info), noAttributes])).equals(info),
	);
}

/** The SubjectPublicKeyInfo, if the rest is as expected: our curve's, and the point that is before the attributes. */
function keyOf(info: Buffer): Buffer {
	return Buffer.concat([p256Key, info.subarray(-POINT_BYTES - noAttributes.length, -noAttributes.length)]);
}

/** DER of an element. Lengths below 256. */
function element(tag: number, content: Buffer = Buffer.alloc(0)): Buffer {
	const { length } = content;
	return Buffer.concat([Buffer.from(length < 128 ? [tag, length] : [tag, 0x81, length]), content]);
}

/** The first element's content (`whole`: with its header) and what follows it. Throws a RangeError on anything but short DER. */
function split(bytes: Buffer, tag: number, whole = false): [Buffer, Buffer] {
	const [first, short = 256, long = 0] = bytes;
	const header = short < 128 ? 2 : 3;
	const length = short < 128 ? short : long;
	if (first !== tag || (short >= 128 && (short !== 0x81 || long < 128)) || bytes.length < header + length) {
		throw new RangeError("not the DER of a small request");
	}
	return [bytes.subarray(whole ? 0 : header, header + length), bytes.subarray(header + length)];
}

const refused = (why: string, cause?: unknown): RoomError<"enrol.csr_refused"> =>
	new RoomError("enrol.csr_refused", `the certification request is refused: ${why}`, cause ? { cause } : {});
