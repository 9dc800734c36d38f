/** What the address bar held when the page was opened. `reloaded`: the fragment was taken by an earlier load of this very entry. */
export type TakenLink = { link: string } | { reloaded: true };

/** Marks the history entry whose fragment was taken. Kept by the browser with the entry; holds nothing of the link. */
const MARK = "incamera.taken";

/**
 * Takes the link out of the address bar: the secret in its fragment then can't be read over a shoulder, lie in the history or travel
 * with a copied address. From here on it is only in memory; so a reload finds nothing, and can tell why by the mark.
 */
export function takeLink(scope: Pick<Window, "location" | "history">): TakenLink {
	const { location, history } = scope;
	if (location.hash.length < 2 && isMarked(history.state)) return { reloaded: true };
	const link = location.href;
	history.replaceState({ [MARK]: true }, "", location.pathname);
	return { link };
}

function isMarked(state: unknown): boolean {
	return typeof state === "object" && state !== null && MARK in state;
}
