import { RoomError } from "../../../device/core/RoomError.ts";

const units: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The moment that `30m`, `24h` or `7d` before `nowMs` is, or that a date or time says (ISO 8601). RFC 3339, UTC. Error: `cli.usage`. */
export function sinceOf(text: string, nowMs: number): string {
	const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
	const ms =
		count && unit
			? nowMs - Number(count) * (units[unit] ?? 0)
			: /^\d{4}-\d\d/.test(text)
				? Date.parse(text)
				: Number.NaN;
	if (Number.isFinite(ms) && ms > 0) return new Date(ms).toISOString();
	throw new RoomError("cli.usage", `--since: so long ago (30m, 24h, 7d) or a moment (2026-11-23T10:00): ${text}`);
}
