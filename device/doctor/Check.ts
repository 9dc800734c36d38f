export type Status = "ok" | "care" | "failed";

/** What one check found. `advice` is the next step for a person, and is there whenever the status isn't `ok`. */
export interface Finding {
	status: Status;
	/** Stable, for scripts and for the phone: `doctor.element_missing`. Null when all is well. */
	code: string | null;
	/** One line of what was found; no name of a person or a room, no address beyond this machine's own configuration. */
	found: string;
	advice: string | null;
}

/** One small question about this machine. A check never throws and changes nothing. */
export interface Check {
	readonly id: string;
	readonly title: string;
	run(signal: AbortSignal): Promise<Finding>;
}

export const fine = (found: string): Finding => ({ status: "ok", code: null, found, advice: null });
export const care = (code: string, found: string, advice: string): Finding => ({ status: "care", code, found, advice });
export const failed = (code: string, found: string, advice: string): Finding => ({
	status: "failed",
	code,
	found,
	advice,
});
