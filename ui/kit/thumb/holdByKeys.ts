import type { Thumb } from "./Thumb.ts";
import { aimOf, type Way, ways } from "./ways.ts";

/** A press of assistive technology has no length: it counts as held for so long. */
const NUDGE_MS = 250;

const keys: Record<string, Way> = {
	ArrowLeft: "left",
	ArrowRight: "right",
	ArrowUp: "up",
	ArrowDown: "down",
	"+": "in",
	"=": "in",
	"-": "out",
};

/**
 * Lets keys hold the camera while the focus is within the element: arrows, + and -, Enter and Space on a button that has a way; and a
 * screen reader's press of such a button. Returns a function that lets go and takes it all back.
 */
export function holdByKeys(element: HTMLElement, thumb: Thumb): () => void {
	/** What each key that is down wants. */
	const down = new Map<string, Way>();
	let hold: string | null = null;
	let nudge: ReturnType<typeof setTimeout> | undefined;
	const attached = new AbortController();
	const { signal } = attached;
	const letGo = () => {
		clearTimeout(nudge);
		down.clear();
		if (hold !== null) thumb.end(hold);
		hold = null;
	};
	element.addEventListener(
		"keydown",
		(event) => {
			const way = wayOfKey(event);
			if (way === null || event.ctrlKey || event.altKey || event.metaKey) return;
			event.preventDefault();
			if (event.repeat) return;
			// Something else ended the hold: keys that are down since then no longer count.
			if (hold !== thumb.hold.peek()) letGo();
			down.set(event.code, way);
			const aim = aimOf(down.values());
			if (hold === null) hold = thumb.begin(aim);
			else thumb.aim(hold, aim);
		},
		{ signal },
	);
	element.addEventListener(
		"keyup",
		(event) => {
			if (!down.delete(event.code)) return;
			if (down.size === 0) letGo();
			else if (hold !== null) thumb.aim(hold, aimOf(down.values()));
		},
		{ signal },
	);
	element.addEventListener(
		"focusout",
		(event) => {
			if (!element.contains(event.relatedTarget as Node | null)) letGo();
		},
		{ signal },
	);
	element.addEventListener(
		"click",
		(event) => {
			// A finger's click has a count of clicks; its hold is over already.
			const way = wayOfButton(event.target);
			if (way === null || event.detail !== 0 || hold !== null) return;
			hold = thumb.begin(aimOf([way]));
			nudge = setTimeout(letGo, NUDGE_MS);
		},
		{ signal },
	);
	return () => {
		letGo();
		attached.abort();
	};
}

function wayOfButton(target: EventTarget | null): Way | null {
	const way = target instanceof Element ? target.closest<HTMLElement>("[data-way]")?.dataset["way"] : undefined;
	return way !== undefined && way in ways ? (way as Way) : null;
}

function wayOfKey(event: KeyboardEvent): Way | null {
	if (event.key === "Enter" || event.key === " ") return wayOfButton(event.target);
	return keys[event.key] ?? null;
}
