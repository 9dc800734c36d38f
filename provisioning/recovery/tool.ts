import { spawn } from "node:child_process";
import { buffer, text } from "node:stream/consumers";
import { RoomError } from "../../device/core/RoomError.ts";

export interface Ended {
	code: number;
	output: Buffer;
	/** What it wrote to its error output. */
	said: string;
}

/**
 * Runs `openssl` or `cryptsetup`. Secrets go in by `input` and come out by `output`: never by a word of the command or the environment, which others
 * can read (proc(5)).
 *
 * @throws RoomError `recovery.no_openssl`, `recovery.no_cryptsetup`
 */
export async function tool(
	name: "openssl" | "cryptsetup",
	words: readonly string[],
	input: Uint8Array | "" = "",
): Promise<Ended> {
	// Debian has cryptsetup where an account that isn't root doesn't look
	const env = { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`, LC_ALL: "C.UTF-8" };
	const child = spawn(name, words, { env });
	// one that ends before it has read everything is judged by its exit code
	child.stdin.on("error", () => {});
	child.stdin.end(input);
	const [output, said] = [buffer(child.stdout), text(child.stderr)];
	const code = await new Promise<number>((resolve, reject) => {
		child.once("error", (cause) =>
			reject(new RoomError(`recovery.no_${name}`, `the program ${name} can't be started`, { cause })),
		);
		child.once("close", (status) => resolve(status ?? 1));
	});
	return { code, output: await output, said: await said };
}
