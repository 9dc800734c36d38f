import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** Perl, which Debian always has: Node can't open a datagram socket on a path. A datagram's descriptors (BARRIER=1) are closed with it. */
const program = `
	use Socket; $| = 1;
	socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or die $!;
	bind($socket, pack_sockaddr_un($ARGV[0])) or die $!;
	print "bound\\n";
	while (defined recv($socket, my $said, 4096, 0)) { print map { "$_\\n" } split(/\\n/, $said); }`;

/** systemd's end of a service's NOTIFY_SOCKET, sd_notify(3). */
export class NotifySocket {
	readonly path: string;
	/** What was said, in order: `READY=1` and so on. */
	readonly heard: string[] = [];
	readonly #folder: string;
	readonly #child: ChildProcess;

	static async open(): Promise<NotifySocket> {
		const folder = await mkdtemp(join(tmpdir(), "incamera-notify-"));
		const path = join(folder, "notify");
		const child = spawn("perl", ["-e", program, path], { stdio: ["ignore", "pipe", "inherit"] });
		const lines = createInterface({ input: child.stdout });
		await once(lines, "line");
		const socket = new NotifySocket(folder, path, child);
		lines.on("line", (line) => socket.heard.push(line));
		return socket;
	}

	private constructor(folder: string, path: string, child: ChildProcess) {
		this.#folder = folder;
		this.path = path;
		this.#child = child;
	}

	/** How often it was said. */
	count(said: string): number {
		return this.heard.filter((one) => one === said).length;
	}

	async close(): Promise<void> {
		const gone = once(this.#child, "exit");
		this.#child.kill("SIGKILL");
		await gone;
		await rm(this.#folder, { recursive: true, force: true });
	}
}
