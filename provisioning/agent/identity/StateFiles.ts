import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { writeStateFile } from "../../../device/core/writeStateFile.ts";

/** What keeps the identity: each step is whole or not at all, except that `remove` may leave a part of a folder. */
export interface StateFiles {
	/** Null if there is none. */
	read(path: string): Promise<string | null>;
	/** On the disk when it resolves, and only its owner can read it. */
	write(path: string, data: string): Promise<void>;
	makeFolder(path: string): Promise<void>;
	/** A file or a folder with all that is in it, there or not. */
	remove(path: string): Promise<void>;
	/** Names in a folder; none if it is not there. */
	list(path: string): Promise<string[]>;
}

const ifThere = async <T>(asked: Promise<T>, otherwise: T): Promise<T> => {
	try {
		return await asked;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return otherwise;
		throw error;
	}
};

export const diskFiles: StateFiles = {
	read: (path) => ifThere<string | null>(readFile(path, "utf8"), null),
	write: (path, data) => writeStateFile(path, data, 0o600),
	makeFolder: async (path) => void (await mkdir(path, { recursive: true, mode: 0o700 })),
	remove: (path) => rm(path, { recursive: true, force: true }),
	list: (path) => ifThere(readdir(path), []),
};
