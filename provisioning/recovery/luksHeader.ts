import * as z from "zod/mini";
import { RoomError } from "../../device/core/RoomError.ts";
import { tool } from "./tool.ts";

/** Slots of the header that hold a recovery key: two, so that another one works before the one before is gone. The TPM's key is in slot 0. */
export const SLOTS = [1, 2] as const;
export type Slot = (typeof SLOTS)[number];

/** The file on the start partition, in its folder `incamera`, that belongs to a slot. */
export const envelopeName = (slot: Slot): string => `recovery-${slot}.cms`;

/** systemd's own, so that `systemd-cryptenroll` lists the slot as what it is. */
export const TOKEN_TYPE = "systemd-recovery";

const sha256 = z.string().check(z.regex(/^[0-9a-f]{64}$/));
const note = z.object({
	/** SHA-256 of IT's certificate. */
	certificate: sha256,
	/** SHA-256 of the file. */
	envelope: sha256,
});
/** What the header says of a recovery key, in a token. It is what a key ends with: a slot without one is half made. */
export type Note = z.infer<typeof note>;

const dump = z.object({
	keyslots: z.record(z.string(), z.unknown()),
	tokens: z.record(z.string(), z.looseObject({ type: z.string(), keyslots: z.array(z.string()) })),
});

export interface LuksHeader {
	/** Slots of `SLOTS` that are there and nobody else's: with their note, or null. */
	slots: ReadonlyMap<Slot, Note | null>;
	/** Those that a token of somebody else's speaks of. */
	taken: ReadonlySet<Slot>;
	/** Tokens of ours that speak of no slot any more. */
	stray: readonly number[];
}

/**
 * What `cryptsetup luksDump --dump-json-metadata` says of recovery keys. Whoever has the disk can write there what he likes; so no slot but those of `SLOTS` is ever named.
 * @throws RoomError `recovery.header_unreadable`
 */
export function readLuksHeader(text: string): LuksHeader {
	const { keyslots, tokens } = parsed(text);
	const slots = new Map<Slot, Note | null>();
	const taken = new Set<Slot>();
	const stray: number[] = [];
	for (const slot of SLOTS) if (Object.hasOwn(keyslots, slot)) slots.set(slot, null);
	for (const [id, token] of Object.entries(tokens)) {
		const of = SLOTS.filter((slot) => token.keyslots.includes(String(slot)));
		const said = token.type === TOKEN_TYPE ? note.safeParse(token["incamera"]) : null;
		const [slot] = of;
		if (!said?.success) for (const one of of) taken.add(one);
		else if (token.keyslots.length === 1 && slot !== undefined && slots.get(slot) === null) slots.set(slot, said.data);
		else if (/^\d{1,2}$/.test(id)) stray.push(Number(id));
	}
	for (const slot of taken) slots.delete(slot);
	return { slots, taken, stray };
}

function parsed(text: string): z.infer<typeof dump> {
	try {
		return dump.parse(JSON.parse(text));
	} catch (cause) {
		throw new RoomError("recovery.header_unreadable", "cryptsetup says nothing that is known of the header", { cause });
	}
}

/** @throws RoomError `recovery.no_header`, `recovery.header_unreadable` */
export async function dumpLuksHeader(device: string): Promise<LuksHeader> {
	const { code, output, said } = await tool("cryptsetup", ["luksDump", "--dump-json-metadata", device]);
	if (code === 0) return readLuksHeader(output.toString("utf8"));
	throw new RoomError("recovery.no_header", `no LUKS header: ${said.trim().split("\n")[0] ?? ""}`);
}

/** Whether a key opens a slot. Nothing is opened. */
export async function opens(device: string, slot: Slot, key: Uint8Array): Promise<boolean> {
	const words = [
		"open",
		"--test-passphrase",
		"--disable-external-tokens",
		"--key-slot",
		String(slot),
		"--key-file",
		"-",
	];
	return (await tool("cryptsetup", [...words, device], key)).code === 0;
}
