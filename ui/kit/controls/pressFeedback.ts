/**
 * Shows in the very frame of a touch that it was felt: marks the touched button `data-pressed` until the finger leaves. One listener
 * for the whole page, on the DOM itself, so that no drawing of the page can be late. Returns a function that takes it back.
 */
export function pressFeedback(root: Document): () => void {
	let pressed: HTMLElement | null = null;
	const release = () => {
		pressed?.removeAttribute("data-pressed");
		pressed = null;
	};
	const press = (target: EventTarget | null) => {
		release();
		const button = target instanceof Element ? target.closest<HTMLElement>("button, a[href], [data-press]") : null;
		if (!button || (button as HTMLButtonElement).disabled) return;
		pressed = button;
		button.setAttribute("data-pressed", "");
	};
	const onPointerDown = (event: PointerEvent) => press(event.target);
	const onKeyDown = (event: KeyboardEvent) => {
		if (event.key === "Enter" || event.key === " ") press(event.target);
	};
	const listeners: [keyof DocumentEventMap, EventListener][] = [
		["pointerdown", onPointerDown as EventListener],
		["keydown", onKeyDown as EventListener],
		["pointerup", release],
		["pointercancel", release],
		["keyup", release],
	];
	for (const [type, listener] of listeners) root.addEventListener(type, listener, { capture: true, passive: true });
	return () => {
		release();
		for (const [type, listener] of listeners) root.removeEventListener(type, listener, { capture: true });
	};
}
