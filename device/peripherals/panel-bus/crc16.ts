/** The remainder of each byte value: one look-up a byte instead of eight steps. */
const table = Uint16Array.from({ length: 256 }, (_, byte) => {
	let remainder = byte;
	for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >> 1) ^ 0x8408 : remainder >> 1;
	return remainder;
});

/**
 * CRC-16/CCITT as HDLC and PPP use it (RFC 1662, appendix C, "FCS-16"; also called CRC-16/X-25 or CRC-16/IBM-SDLC): polynomial
 * x¹⁶+x¹²+x⁵+1, least bit first (8408), begun with FFFF, inverted at the end. Of "123456789" it is 906E.
 */
export function crc16(bytes: Uint8Array, from = 0, to = bytes.length): number {
	let crc = 0xffff;
	for (let at = from; at < to; at++) crc = (crc >> 8) ^ (table[(crc ^ (bytes[at] as number)) & 0xff] as number);
	return crc ^ 0xffff;
}
