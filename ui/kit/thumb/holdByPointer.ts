import type { Aim, Thumb } from "./Thumb.ts";

/**
 * Lets a finger (or a mouse) on the element hold the camera. The first finger owns the hold until it is lifted, taken away by the system,
 * or loses the element in whatever way; others do nothing. Returns a function that lets go and takes it all back.
 */
export function holdByPointer(element: HTMLElement, thumb: Thumb, aimAt: (event: PointerEvent) => Aim): () => void {
	let own: { pointer: number; hold: string } | null = null;
	const attached = new AbortController();
	const { signal } = attached;
	const letGo = () => {
		if (own) thumb.end(own.hold);
		own = null;
	};
	element.addEventListener(
		"pointerdown",
		(event) => {
			if (own || event.button !== 0) return;
			try {
				// No hold without capture: else a finger that slides off the element would be lost.
				element.setPointerCapture(event.pointerId);
			} catch {
				return;
			}
			const hold = thumb.begin(aimAt(event));
			if (hold !== null) own = { pointer: event.pointerId, hold };
		},
		{ signal },
	);
	element.addEventListener(
		"pointermove",
		(event) => {
			if (own && event.pointerId === own.pointer) thumb.aim(own.hold, aimAt(event));
		},
		{ signal },
	);
	for (const end of ["pointerup", "pointercancel", "lostpointercapture"] as const) {
		element.addEventListener(
			end,
			(event) => {
				if (event.pointerId === own?.pointer) letGo();
			},
			{ signal },
		);
	}
	// A finger that stays would open the browser's menu.
	element.addEventListener("contextmenu", (event) => event.preventDefault(), { signal });
	return () => {
		letGo();
		attached.abort();
	};
}
