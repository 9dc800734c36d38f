import * as z from "zod/mini";

/** What a person reads behind the key's name; "is missing" where nothing was written. */
export const must = (be: string) => ({
	error: (issue: { input?: unknown }) => (issue.input === undefined ? "is missing" : `must be ${be}`),
});

export const text = (most: number) =>
	z
		.string(must("a text"))
		.check(z.trim(), z.minLength(1, "must not be empty"), z.maxLength(most, `must be at most ${most} characters`));
export const matching = (pattern: RegExp, be: string) => z.string(must(be)).check(z.regex(pattern, `must be ${be}`));
export const whole = (least: number, most: number) => {
	const between = `must be ${least} to ${most}`;
	return z.number(must("a number")).check(z.int("must be a whole number"), z.gte(least, between), z.lte(most, between));
};
export const list = <T extends z.ZodMiniType>(element: T, most: number) =>
	z.array(element, must("a list")).check(z.maxLength(most, `must have at most ${most} entries`));
export const group = <T extends z.core.$ZodLooseShape>(shape: T) => z.strictObject(shape, must("a group of keys"));
/** A group whose keys are names that the configuration gives. */
export const named = <T extends z.core.SomeType>(name: RegExp, be: string, value: T, most: number) =>
	z
		.record(z.string().check(z.regex(name)), value, {
			error: ({ code }) => (code === "invalid_key" ? `must have ${be} for a name` : "must be a group of keys"),
		})
		.check(z.refine((all) => Object.keys(all).length <= most, `must have at most ${most} entries`));

/** Relative paths start from the file's own folder. */
export const path = text(1024);
