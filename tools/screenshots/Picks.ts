/** Of the names, those that the command line asks for; all if it asks for none of them. */
export type Picks = <Name extends string>(names: readonly Name[]) => Name[];

/** Words pick by how a name begins: `call` picks `call-verified`, `1280` picks `1280x800`. */
export function picksFrom(words: readonly string[]): Picks {
	return (names) => {
		const picked = names.filter((name) => words.some((word) => name.startsWith(word)));
		return picked.length > 0 ? picked : [...names];
	};
}
