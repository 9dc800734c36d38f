/**
 * Calls back when the parent that forked this process is gone: also when it went while our modules were still loading, of which there is no
 * event any more. Without a parent that listens (no IPC channel): never.
 */
export function onParentGone(callback: () => void): void {
	process.once("disconnect", callback);
	if (process.connected === false) callback();
}
