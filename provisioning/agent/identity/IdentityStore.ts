import { createPrivateKey } from "node:crypto";
import { join } from "node:path";
import * as z from "zod/mini";
import { RoomError } from "../../../device/core/RoomError.ts";
import { deviceId } from "../../contract/topics.ts";
import { checkCertificate, serialOf } from "./certificates.ts";
import { diskFiles, type StateFiles } from "./StateFiles.ts";

/** A key with its certificate, on the disk. */
export interface Identity {
	/** Grows with each new key. */
	generation: number;
	deviceId: string;
	files: { key: string; certificate: string; ca: string };
	pem: { key: string; certificate: string; ca: string };
	/** Of the certificate, lower-case hex. */
	serial: string;
	/** The certificate's life, milliseconds. */
	from: number;
	to: number;
}

/** Who owns this device. */
export interface Membership {
	identity: Identity;
	/** A renewed identity that has yet to work. */
	candidate: Identity | null;
	/** `mqtts://host:port`, in the order to be tried. */
	brokers: string[];
	/** Origin of the rendezvous. */
	rendezvous: string;
	/** Whether the fleet has taken the confirmation. */
	confirmed: boolean;
}

export type Stored = { state: "none" } | { state: "forgetting" } | { state: "member"; membership: Membership };

const counter = z.number().check(z.int(), z.gte(0));
const claimFile = z.discriminatedUnion("state", [
	/** `last`: the highest generation that ever was. */
	z.object({ v: z.literal(1), state: z.literal("none"), last: counter }),
	z.object({ v: z.literal(1), state: z.literal("forgetting"), last: counter }),
	z.object({
		v: z.literal(1),
		state: z.enum(["confirming", "claimed"]),
		last: counter,
		generation: counter,
		candidate: z.nullable(counter),
		deviceId,
		brokers: z.array(z.string()).check(z.minLength(1)),
		rendezvous: z.string(),
	}),
]);
type ClaimFile = z.infer<typeof claimFile>;
type Member = Extract<ClaimFile, { state: "confirming" | "claimed" }>;

export interface NewIdentity {
	key: string;
	/** PEM: the device's certificate and what is between it and the authority. */
	chain: string;
	ca: string;
}

/**
 * Key, certificates and whose this device is, in the state folder:
 * `claim.json` says which of the folders `identity/<generation>/` counts and is replaced as a whole, so that a power cut at any moment
 * leaves the old state or the new one; what it does not name is removed at the next start. `crl.pem`: see `RevocationFile`.
 */
export class IdentityStore {
	readonly #folder: string;
	readonly #files: StateFiles;
	#claim: ClaimFile = { v: 1, state: "none", last: 0 };
	#turn: Promise<unknown> = Promise.resolve();

	private constructor(folder: string, files: StateFiles) {
		this.#folder = folder;
		this.#files = files;
	}

	/** Errors: `identity.unreadable` (the state is damaged, or the disk fails). */
	static async open(
		folder: string,
		options: { files?: StateFiles } = {},
	): Promise<{ store: IdentityStore; stored: Stored }> {
		const store = new IdentityStore(folder, options.files ?? diskFiles);
		try {
			return { store, stored: await store.#load() };
		} catch (error) {
			throw new RoomError("identity.unreadable", "the identity can't be read", { cause: error });
		}
	}

	/** The revocation list that goes with the identity. */
	get revocationFile(): string {
		return join(this.#folder, "crl.pem");
	}

	/** A fleet has accepted this device: from here on it has to confirm. */
	join(fresh: NewIdentity, fleet: Pick<Member, "deviceId" | "brokers" | "rendezvous">): Promise<Membership> {
		return this.#inTurn(async () => {
			const generation = this.#claim.last + 1;
			await this.#writeIdentity(generation, fresh);
			const { deviceId: id, brokers, rendezvous } = fleet;
			const where = { deviceId: id, brokers, rendezvous };
			await this.#replace({ v: 1, state: "confirming", last: generation, generation, candidate: null, ...where });
			return this.#membership(this.#member());
		});
	}

	confirmed(): Promise<Membership> {
		return this.#inTurn(async () => {
			await this.#replace({ ...this.#member(), state: "claimed" });
			return this.#membership(this.#member());
		});
	}

	/** Keeps a renewed identity beside the present one, until it has worked. */
	addCandidate(fresh: NewIdentity): Promise<Membership> {
		return this.#inTurn(async () => {
			const member = this.#member();
			const generation = member.last + 1;
			await this.#writeIdentity(generation, fresh);
			await this.#replace({ ...member, last: generation, candidate: generation });
			if (member.candidate !== null) await this.#files.remove(this.#identityFolder(member.candidate));
			return this.#membership(this.#member());
		});
	}

	/** The candidate has worked: it is the identity now. */
	promote(): Promise<Membership> {
		return this.#inTurn(async () => {
			const { candidate, generation, ...rest } = this.#member();
			if (candidate !== null) {
				await this.#replace({ ...rest, generation: candidate, candidate: null });
				await this.#files.remove(this.#identityFolder(generation));
			}
			return this.#membership(this.#member());
		});
	}

	/** The candidate does not work. */
	dropCandidate(): Promise<Membership> {
		return this.#inTurn(async () => {
			const member = this.#member();
			if (member.candidate !== null) {
				await this.#replace({ ...member, candidate: null });
				await this.#files.remove(this.#identityFolder(member.candidate));
			}
			return this.#membership(this.#member());
		});
	}

	/** From here on the device is nobody's, also after a power cut; `forget` has to follow. */
	beginForgetting(): Promise<void> {
		return this.#inTurn(async () => {
			// what was never written need not be taken back, least of all on a full disk
			if (this.#claim.state !== "none") await this.#replace({ v: 1, state: "forgetting", last: this.#claim.last });
		});
	}

	forget(): Promise<void> {
		return this.#inTurn(async () => {
			await this.#files.remove(join(this.#folder, "identity"));
			await this.#files.remove(this.revocationFile);
			if (this.#claim.state !== "none") await this.#replace({ v: 1, state: "none", last: this.#claim.last });
		});
	}

	/** One change after the other. */
	#inTurn<T>(change: () => Promise<T>): Promise<T> {
		const turn = this.#turn.then(change);
		this.#turn = turn.catch(() => {});
		return turn;
	}

	async #load(): Promise<Stored> {
		await this.#files.makeFolder(this.#folder);
		const text = await this.#files.read(join(this.#folder, "claim.json"));
		if (text !== null) this.#claim = claimFile.parse(JSON.parse(text));
		const claim = this.#claim;
		const kept = "generation" in claim ? [claim.generation, claim.candidate].map(String) : [];
		if (claim.state !== "forgetting") await this.#removeOthers(kept);
		if (!("generation" in claim)) return { state: claim.state };
		return { state: "member", membership: await this.#membership(claim) };
	}

	async #removeOthers(kept: readonly string[]): Promise<void> {
		for (const name of await this.#files.list(join(this.#folder, "identity"))) {
			if (!kept.includes(name)) await this.#files.remove(join(this.#folder, "identity", name));
		}
		// a file that a power cut kept from getting its name
		for (const name of await this.#files.list(this.#folder)) {
			if (/^(claim\.json|crl\.pem)\.[0-9a-f]{12}$/.test(name)) await this.#files.remove(join(this.#folder, name));
		}
	}

	async #membership(member: Member): Promise<Membership> {
		const { brokers, rendezvous, state } = member;
		const identity = await this.#readIdentity(member.generation, member.deviceId);
		const candidate = member.candidate === null ? null : await this.#readIdentity(member.candidate, member.deviceId);
		return { identity, candidate, brokers, rendezvous, confirmed: state === "claimed" };
	}

	async #readIdentity(generation: number, id: string): Promise<Identity> {
		const files = this.#identityFiles(generation);
		const [key, certificate, ca] = await Promise.all(
			[files.key, files.certificate, files.ca].map(async (path) => {
				const text = await this.#files.read(path);
				if (text === null) throw new RoomError("identity.unreadable", "a file of the identity is missing");
				return text;
			}),
		);
		const pem = { key: key as string, certificate: certificate as string, ca: ca as string };
		const leaf = checkCertificate({
			chain: pem.certificate,
			authority: pem.ca,
			deviceId: id,
			key: createPrivateKey(pem.key),
			nowMs: null,
		});
		const [from, to] = [leaf.validFromDate.getTime(), leaf.validToDate.getTime()];
		return { generation, deviceId: id, files, pem, serial: serialOf(leaf), from, to };
	}

	async #writeIdentity(generation: number, fresh: NewIdentity): Promise<void> {
		const files = this.#identityFiles(generation);
		await this.#files.makeFolder(this.#identityFolder(generation));
		await this.#files.write(files.key, fresh.key);
		await this.#files.write(files.certificate, fresh.chain);
		await this.#files.write(files.ca, fresh.ca);
	}

	async #replace(claim: ClaimFile): Promise<void> {
		await this.#files.write(join(this.#folder, "claim.json"), `${JSON.stringify(claim)}\n`);
		this.#claim = claim;
	}

	#member(): Member {
		if (!("generation" in this.#claim)) throw new RoomError("identity.none", "the device is nobody's");
		return this.#claim;
	}

	#identityFolder(generation: number): string {
		return join(this.#folder, "identity", String(generation));
	}

	#identityFiles(generation: number): Identity["files"] {
		const folder = this.#identityFolder(generation);
		return {
			key: join(folder, "key.pem"),
			certificate: join(folder, "certificate.pem"),
			ca: join(folder, "ca.pem"),
		};
	}
}
