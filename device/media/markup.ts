/**
 * Names come from outside: without control characters (nor bidirectional ones, which could reorder the words beside), cut, and escaped
 * as Pango's markup takes text.
 * @param most Characters; what is longer ends in an ellipsis.
 */
export function markup(text: string, most = 80): string {
	const clean = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, " ").trim();
	const characters = [...clean];
	const cut =
		characters.length > most
			? `${characters
					.slice(0, most - 1)
					.join("")
					.trimEnd()}…`
			: clean;
	return cut.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
