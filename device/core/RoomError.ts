/**
 * The one error that crosses a boundary of the product.
 *
 * `code` is stable and of the form `area.what_happened` (lower case); the panel, the log and the tests speak of it.
 * `context` holds what helps to act on it and never anything personal: no name, link, token, title or address of a person.
 */
export class RoomError<Code extends string = string> extends Error {
	override readonly name = "RoomError";
	readonly code: Code;
	readonly context: Readonly<Record<string, string | number | boolean>>;

	constructor(
		code: Code,
		message: string,
		options: { context?: Record<string, string | number | boolean>; cause?: unknown } = {},
	) {
		super(message, options.cause === undefined ? undefined : { cause: options.cause });
		this.code = code;
		this.context = options.context ?? {};
	}

	/** Wraps whatever was thrown, so that what crosses the boundary always has a code. A RoomError passes unchanged. */
	static from(thrown: unknown, code: string): RoomError {
		if (thrown instanceof RoomError) return thrown;
		return new RoomError(code, thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown });
	}
}
