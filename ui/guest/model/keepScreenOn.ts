/**
 * Keeps a phone's screen from going dark in a call, where the browser offers it (Screen Wake Lock). Browsers drop the lock whenever
 * the page is hidden, so it is asked for again when it is seen. The returned function lets go.
 */
export function keepScreenOn(): () => void {
	let over = false;
	let lock: WakeLockSentinel | null = null;
	const request = async () => {
		if (over || document.visibilityState !== "visible") return;
		try {
			lock = await navigator.wakeLock?.request("screen");
			if (over) await lock?.release();
		} catch {
			// Refused on a low battery: the call goes on, the screen does what it does.
		}
	};
	document.addEventListener("visibilitychange", request);
	void request();
	return () => {
		over = true;
		document.removeEventListener("visibilitychange", request);
		void lock?.release();
	};
}
