import * as z from "zod/mini";
import { isProtected } from "../core/loopback.ts";
import { group, must, path, text } from "./primitives.ts";

/** Where the room's calendar is. An address is a secret: such links hold a token. */
export type CalendarPlace = { ics: string } | { url: string; login: { user: string; password: string } | null };

const url = z.string(must("an address")).check(
	z.maxLength(2000, "must be at most 2000 characters"),
	z.refine((value) => {
		const address = URL.parse(value);
		return address !== null && isProtected(address) && address.username === "" && address.password === "";
	}, "must be an https:// address (http:// on this machine only), user and password in keys of their own"),
);

const credential = z.optional(text(200));

/** Takes a calendar that is in exactly one place. */
export const calendar = z.pipe(
	group({
		ics: z.optional(path),
		url: z.optional(url),
		/** Where its server asks for them (Basic, RFC 7617). */
		user: credential,
		password: credential,
	}).check(
		z.refine(({ ics, url }) => (ics === undefined) !== (url === undefined), "needs one of ics, url"),
		z.refine(({ user, password }) => (user === undefined) === (password === undefined), {
			path: ["user"],
			error: "needs password, and password needs it",
		}),
		// a colon would end it
		z.refine(({ user }) => user === undefined || !/[:\p{Cc}]/u.test(user), {
			path: ["user"],
			error: "must have no colon in it",
		}),
		z.refine(({ url, user }) => user === undefined || url !== undefined, {
			path: ["user"],
			error: "is for an address",
		}),
	),
	z.transform(({ ics, url, user, password }): CalendarPlace => {
		if (ics !== undefined) return { ics };
		const login = user === undefined || password === undefined ? null : { user, password };
		// exactly one of them is there
		return { url: url ?? "", login };
	}),
);
