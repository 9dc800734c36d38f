import { link, readFile, rm, writeFile } from "node:fs/promises";
import { setTimeout as later } from "node:timers/promises";

const LOOK_MS = 500;

/**
 * Does something that only one process of this machine may do at a time. Whoever comes second waits; a lock whose process is gone counts for nothing.
 *
 * @param file says who has it: a process id
 * @param waiting called once, if somebody else has it
 */
export async function oneAtATime<T>(file: string, waiting: () => void, work: () => Promise<T>): Promise<T> {
	const own = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
	// written before it is seen: a lock never looks empty
	await writeFile(own, String(process.pid));
	try {
		for (let first = true; !(await taken(own, file)); first = false) {
			if (first) waiting();
			if (!((await isLeft(file)) && (await cleared(own, file)))) await later(LOOK_MS);
		}
	} finally {
		await rm(own, { force: true });
	}
	try {
		return await work();
	} finally {
		await rm(file, { force: true });
	}
}

/** By a second name for our file, which only one can give. */
async function taken(own: string, file: string): Promise<boolean> {
	try {
		await link(own, file);
		return true;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
		throw error;
	}
}

/** Whether its holder is gone. */
async function isLeft(file: string): Promise<boolean> {
	const holder = Number(await readFile(file, "utf8").catch(() => "0"));
	return holder > 0 && !isAlive(holder);
}

/** Takes away what is left; one does it at a time, and looks again: somebody else may have done it, and hold the lock, since. */
async function cleared(own: string, file: string): Promise<boolean> {
	const clearing = `${file}.clearing`;
	if (!(await taken(own, clearing))) return false;
	try {
		if (await isLeft(file)) await rm(file, { force: true });
		return true;
	} finally {
		await rm(clearing, { force: true });
	}
}

function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === "EPERM";
	}
}
