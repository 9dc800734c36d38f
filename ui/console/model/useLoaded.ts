import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { ConsoleModel, Trouble } from "./ConsoleModel.ts";
import { troubleOf } from "./ConsoleModel.ts";

export interface Loaded<T> {
	/** Undefined until it is there; stays while it is loaded again. */
	value: T | undefined;
	trouble: Trouble | null;
	/** Loads it again. */
	reload: () => void;
	/** Puts a newer value in its place, as a change's answer brings it. */
	set: (value: T) => void;
}

/** What a screen shows: loaded when `key` changes, and again when the live stream says that `concerns` it. */
export function useLoaded<T>(
	model: ConsoleModel,
	key: string,
	load: (signal: AbortSignal) => Promise<T>,
	concerns: (change: {
		devices: { id: string }[];
		all: boolean;
		rollouts: string[];
		enrolments: boolean;
		events: boolean;
	}) => boolean = () => false,
): Loaded<T> {
	const [state, setState] = useState<{ key: string; value?: T; trouble: Trouble | null }>({ key, trouble: null });
	const [round, setRound] = useState(0);
	const reload = useCallback(() => setRound((before) => before + 1), []);
	const latest = useRef({ load, concerns });
	latest.current = { load, concerns };
	useEffect(() => {
		const abort = new AbortController();
		latest.current.load(abort.signal).then(
			(value) => !abort.signal.aborted && setState({ key, value, trouble: null }),
			(thrown) => !abort.signal.aborted && setState((before) => ({ ...before, key, trouble: troubleOf(thrown) })),
		);
		return () => abort.abort();
	}, [key, round]);
	useEffect(() => {
		return model.live.changes.on("changed", (change) => latest.current.concerns(change) && reload());
	}, [model, reload]);
	const current = state.key === key ? state : { key, trouble: null };
	return {
		value: "value" in current ? (current.value as T) : undefined,
		trouble: current.trouble,
		reload,
		set: (value) => setState({ key, value, trouble: null }),
	};
}
