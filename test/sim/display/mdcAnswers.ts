/** What a Samsung display says: `AA FF id length 'A'|'N' command value… sum` ("Multiple Display Control Protocol" 13.7c, §1.2). */
export interface MdcSaid {
	id: number;
	ok: boolean;
	command: number;
	values: ArrayLike<number>;
}

export function encodeMdcAnswer({ id, ok, command, values }: MdcSaid): Uint8Array {
	const rest = [0xff, id, values.length + 2, ok ? 0x41 : 0x4e, command, ...Array.from(values)];
	return Uint8Array.from([0xaa, ...rest, rest.reduce((sum, byte) => sum + byte, 0) % 256]);
}
