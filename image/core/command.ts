import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { RoomError } from "../../device/core/RoomError.ts";

export interface CommandOptions {
	cwd?: string;
	/** Beside what a tool needs of ours: nothing of our environment may reach what is built. */
	env?: Record<string, string>;
	input?: string | Uint8Array;
	/** Is called with each line of either output, for whoever shows progress. */
	line?: (line: string) => void;
}

/** Lines of a failed command's output that are repeated in the error. */
const TAIL = 15;

/**
 * Runs a tool of the host and returns its standard output.
 *
 * @throws RoomError `image.tool_missing`, or `image.tool_failed` with the last lines of what it said
 */
export async function command(tool: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
	const { PATH = "/usr/sbin:/usr/bin:/sbin:/bin", HOME = "/root" } = process.env;
	const child = spawn(tool, args, {
		...(options.cwd === undefined ? {} : { cwd: options.cwd }),
		// /sbin is not in everybody's path, and sorting, numbers and messages must not follow the builder's language
		env: { PATH: `${PATH}:/usr/sbin:/sbin`, HOME, LC_ALL: "C.UTF-8", TZ: "UTC", ...options.env },
		stdio: ["pipe", "pipe", "pipe"],
	});
	const said: string[] = [];
	const listen = (chunk: Buffer): void => {
		for (const line of String(chunk).split(/[\r\n]+/)) {
			if (line.trim() === "") continue;
			said.push(line);
			if (said.length > TAIL) said.shift();
			options.line?.(line);
		}
	};
	child.stdout.on("data", listen);
	child.stderr.on("data", listen);
	// a tool that ends without reading everything is judged by its exit code
	child.stdin.on("error", () => {});
	child.stdin.end(options.input);
	const output = text(child.stdout);
	const code = await new Promise<number | null>((resolve, reject) => {
		child.once("error", (cause) =>
			reject(new RoomError("image.tool_missing", `${tool} can't be started`, { context: { tool }, cause })),
		);
		child.once("close", resolve);
	});
	if (code === 0) return await output;
	throw new RoomError("image.tool_failed", [`${tool} ended with ${code ?? "a signal"}:`, ...said].join("\n  "), {
		context: { tool, code: code ?? -1 },
	});
}
