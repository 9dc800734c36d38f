/** A thumb that rests is never quite in the middle. */
export const DEAD_ZONE = 0.08;

/**
 * A thumb's deflection, -1 to 1, as one of a camera's speeds: 0 within the dead zone, then -`fastest` to `fastest` without a gap. Speeds of
 * cameras grow by themselves (EVI-D100 Technical Manual p. 44: 2°/s to 300°/s in 24 steps), so this is a straight line.
 */
export function thumbSpeed(deflection: number, fastest: number): number {
	const size = Math.min(1, Math.abs(deflection));
	if (!(size > DEAD_ZONE)) return 0;
	const speed = 1 + Math.round(((size - DEAD_ZONE) / (1 - DEAD_ZONE)) * (fastest - 1));
	return deflection < 0 ? -speed : speed;
}
