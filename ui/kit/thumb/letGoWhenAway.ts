import type { Thumb } from "./Thumb.ts";

/** Whoever is away lets go: the page is hidden or left, or something else has the focus. */
export function letGoWhenAway(thumb: Thumb): () => void {
	const attached = new AbortController();
	const { signal } = attached;
	const letGo = () => thumb.end();
	window.addEventListener("blur", letGo, { signal });
	window.addEventListener("pagehide", letGo, { signal });
	document.addEventListener("visibilitychange", letGo, { signal });
	return () => {
		letGo();
		attached.abort();
	};
}
