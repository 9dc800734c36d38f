/**
 * A moment drawn into a picture and read out of it again, after whatever an encoder, a network and a decoder did to it in between: 40
 * blocks across the top, bright for a one; 32 bits of the epoch in milliseconds (they come round after 49 days), then 8 of a checksum.
 * The functions use nothing from outside, so that a bench can send them into a browser as text.
 */

/**
 * A picture with about as much in it as a room has, panning slowly, so that an encoder has work and a network something to carry.
 * @returns Draws the n-th picture into a luma plane of `width` × `height` bytes.
 */
export function movingScene(width: number, height: number): (luma: Uint8Array, n: number) => void {
	const pan = 240;
	const wide = width + pan;
	const texture = new Uint8Array(wide * height);
	let random = 1;
	for (let y = 0; y < height; y++) {
		for (let x = 0; x < wide; x++) {
			random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
			const shape = 45 * Math.sin(x / 37) + 35 * Math.sin(y / 23 + x / 91) + (((x >> 5) + (y >> 5)) % 2) * 12;
			texture[y * wide + x] = 120 + shape + (random >>> 29);
		}
	}
	return (luma, n) => {
		const at = Math.abs(((n * 2) % (2 * pan)) - pan);
		for (let y = 0; y < height; y++) luma.set(texture.subarray(y * wide + at, y * wide + at + width), y * width);
	};
}

/** Draws `epochMs` into a luma plane of `width` × `height` bytes, rows following each other. */
export function paintTimecode(
	luma: Uint8Array | Uint8ClampedArray,
	width: number,
	height: number,
	epochMs: number,
): void {
	const code = (epochMs % 2 ** 32) >>> 0;
	const checksum = (code ^ (code >>> 8) ^ (code >>> 16) ^ (code >>> 24) ^ 0xa5) & 0xff;
	const rows = Math.floor(height / 10);
	for (let bit = 0; bit < 40; bit++) {
		const one = bit < 32 ? (code >>> (31 - bit)) & 1 : (checksum >>> (39 - bit)) & 1;
		const [from, to] = [Math.round((bit * width) / 40), Math.round(((bit + 1) * width) / 40)];
		for (let row = 0; row < rows; row++) luma.fill(one ? 235 : 16, row * width + from, row * width + to);
	}
}

/**
 * Reads what `paintTimecode` drew; the picture may have been scaled.
 * @param stride Bytes from one row to the next.
 * @returns The moment's low 32 bits, milliseconds; null where none can be read.
 */
export function readTimecode(
	luma: Uint8Array | Uint8ClampedArray,
	width: number,
	height: number,
	stride = width,
): number | null {
	const row = Math.floor(height / 20) * stride;
	let code = 0;
	let checksum = 0;
	for (let bit = 0; bit < 40; bit++) {
		const value = luma[row + Math.floor(((bit + 0.5) * width) / 40)] ?? 128;
		if (value > 90 && value < 165) return null;
		const one = value > 128 ? 1 : 0;
		if (bit < 32) code = ((code << 1) | one) >>> 0;
		else checksum = (checksum << 1) | one;
	}
	return ((code ^ (code >>> 8) ^ (code >>> 16) ^ (code >>> 24) ^ 0xa5) & 0xff) === checksum ? code : null;
}
