import { RoomError } from "../../../device/core/RoomError.ts";

const USUAL = 100;
/** More in one answer would make everybody else wait for it. */
const MOST = 1000;

/** How many of a list to give at most; more may be asked for, and is not given. */
export const limitOf = (limit: string | undefined): number => Math.min(Number(limit ?? USUAL), MOST);

/** A cursor that is a row's number; null: from the beginning. Error: `api.malformed`. */
export function numberCursor(after: string | undefined): number | null {
	if (after === undefined) return null;
	if (!/^\d{1,15}$/.test(after)) throw badCursor();
	return Number(after);
}

/** A place in a list that is ordered by name, and by id among equal names. */
export interface NamePlace {
	name: string;
	id: string;
}

export const nameCursor = ({ name, id }: NamePlace): string => Buffer.from(`${id}.${name}`).toString("base64url");

/** Null: from the beginning. Error: `api.malformed`. */
export function readNameCursor(after: string | undefined): NamePlace | null {
	if (after === undefined) return null;
	const [, id, name] = /^([a-z0-9-]{8,40})\.([^\0]*)$/s.exec(Buffer.from(after, "base64url").toString("utf8")) ?? [];
	if (id === undefined || name === undefined) throw badCursor();
	return { id, name };
}

const badCursor = (): RoomError =>
	new RoomError("api.malformed", "`after` is a `next` that an earlier answer gave", {
		context: { key: "query.after" },
	});
