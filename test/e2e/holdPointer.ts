import type { Locator } from "playwright-core";

/**
 * Puts a pointer down on the middle of something and drags it there, in shares of its half width and height: to the right and downwards.
 * Returns what lifts it.
 */
export async function holdPointer(what: Locator, to: { x: number; y: number }): Promise<() => Promise<void>> {
	const box = await what.boundingBox();
	if (!box) throw new Error("there is nothing to hold");
	const { mouse } = what.page();
	const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
	await mouse.move(middle.x, middle.y);
	await mouse.down();
	await mouse.move(middle.x + (to.x * box.width) / 2, middle.y + (to.y * box.height) / 2, { steps: 5 });
	return () => mouse.up();
}
