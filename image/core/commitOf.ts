import { command } from "./command.ts";

/** Which state of the repository something was built from. */
export interface Commit {
	/** 40 hex digits, with a `+` if there were changes that were not committed; `unknown` where there is no repository. */
	id: string;
	/** ISO 8601. */
	date: string | null;
}

export async function commitOf(root: string): Promise<Commit> {
	try {
		const git = (...words: string[]) => command("git", ["-C", root, ...words]);
		const [id, date] = (await git("show", "-s", "--format=%H %cI", "HEAD")).trim().split(" ");
		const changed = (await git("status", "--porcelain", "--untracked-files=no")).trim() !== "";
		return { id: `${id}${changed ? "+" : ""}`, date: date ?? null };
	} catch {
		return { id: "unknown", date: null };
	}
}
