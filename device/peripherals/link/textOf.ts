/** The characters of a frame, one a byte. For the dozen bytes of a frame several times faster than a spread into `String.fromCharCode`. */
export function textOf(bytes: Uint8Array, from = 0, to = bytes.length): string {
	let text = "";
	for (let at = from; at < to; at++) text += String.fromCharCode(bytes[at] as number);
	return text;
}
