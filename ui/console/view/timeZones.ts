let known: readonly string[] | null = null;

/** IANA names that the browser knows, made once. */
export function timeZones(): readonly string[] {
	known ??= Intl.supportedValuesOf("timeZone");
	return known;
}
