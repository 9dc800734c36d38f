import { RoomError } from "../core/RoomError.ts";
import { type Bytes, concat, fromBase64url, randomBytes, textOf, toBase64url, utf8 } from "./bytes.ts";

/** Where a sealed text belongs. It opens nowhere else: the server can't move it to another meeting, sender or receiver. */
export type Route = { hello: true } | { from: string; to: string };

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * The meeting's seal: AES-256-GCM (NIST SP 800-38D) under HKDF-SHA256 (RFC 5869) of the link's secret, salt `incamera/1`, info
 * `seal`‖meetingId. Random 96-bit nonces: a meeting stays far below the 2³² messages that these allow under one key.
 */
export class Seal {
	readonly #key: CryptoKey;
	readonly #meetingId: string;

	private constructor(key: CryptoKey, meetingId: string) {
		this.#key = key;
		this.#meetingId = meetingId;
	}

	static async create(secret: Bytes, meetingId: string): Promise<Seal> {
		const id = fromBase64url(meetingId);
		if (secret.length !== 32 || id?.length !== 16)
			throw new RoomError("link.invalid", "Secret or meeting id is malformed");
		const material = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
		const derivation = { name: "HKDF", hash: "SHA-256", salt: utf8("incamera/1"), info: concat(utf8("seal"), id) };
		const algorithm = { name: "AES-GCM", length: 256 };
		const key = await crypto.subtle.deriveKey(derivation, material, algorithm, false, ["encrypt", "decrypt"]);
		return new Seal(key, meetingId);
	}

	/** base64url of nonce ‖ ciphertext ‖ tag. */
	async seal(route: Route, text: string): Promise<string> {
		const nonce = randomBytes(NONCE_BYTES);
		const sealed = await crypto.subtle.encrypt(this.#parameters(nonce, route), this.#key, utf8(text));
		return toBase64url(concat(nonce, new Uint8Array(sealed)));
	}

	/** @throws RoomError `meeting.wrong_seal`: not sealed with this meeting's key for this route. */
	async open(route: Route, sealed: string): Promise<string> {
		const bytes = fromBase64url(sealed);
		if (!bytes || bytes.length < NONCE_BYTES + TAG_BYTES) throw wrongSeal();
		const nonce = bytes.slice(0, NONCE_BYTES);
		try {
			return textOf(
				new Uint8Array(
					await crypto.subtle.decrypt(this.#parameters(nonce, route), this.#key, bytes.slice(NONCE_BYTES)),
				),
			);
		} catch {
			throw wrongSeal();
		}
	}

	#parameters(nonce: Bytes, route: Route): AesGcmParams {
		// As JSON, because joined texts could be read in two ways: ("ab","c") is not ("a","bc").
		const header = "hello" in route ? [this.#meetingId, "hello"] : [this.#meetingId, route.from, route.to];
		return { name: "AES-GCM", iv: nonce, additionalData: utf8(JSON.stringify(header)), tagLength: TAG_BYTES * 8 };
	}
}

const wrongSeal = (): RoomError => new RoomError("meeting.wrong_seal", "Not sealed for this meeting and route");
