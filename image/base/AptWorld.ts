import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RoomError } from "../../device/core/RoomError.ts";
import { command } from "../core/command.ts";
import { sha256Of } from "../core/hashOf.ts";
import type { LockedPackage } from "./lock.ts";

/** Debian's own key ring: what a mirror sends is only believed with its signature. */
const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** What every Debian has. Without apt, which calls itself essential: an appliance is updated as a whole. */
const everywhere = "?and(?essential, ?not(?exact-name(apt)))";

/**
 * apt with a state of its own, in which nothing is installed: it answers what an empty Debian 12 would install, and fetches it. Where the
 * mirror is, it takes from the host's own sources, so that the repository names none.
 */
export class AptWorld {
	readonly #folder: string;
	readonly #env: { APT_CONFIG: string };

	private constructor(folder: string) {
		this.#folder = folder;
		this.#env = { APT_CONFIG: join(folder, "apt.conf") };
	}

	/** @throws RoomError `image.no_mirror`, `image.tool_failed` */
	static async open(folder: string): Promise<AptWorld> {
		await mkdir(join(folder, "state/lists/partial"), { recursive: true });
		await mkdir(join(folder, "cache/archives/partial"), { recursive: true });
		await writeFile(join(folder, "status"), "");
		await writeFile(join(folder, "sources.list"), (await sourcesOfHost()).join("\n"));
		await writeFile(
			join(folder, "apt.conf"),
			[
				`Dir::State "${folder}/state";`,
				`Dir::State::status "${folder}/status";`,
				`Dir::Cache "${folder}/cache";`,
				`Dir::Etc::sourcelist "${folder}/sources.list";`,
				'Dir::Etc::sourceparts "-";',
				'APT::Architecture "amd64";',
				'APT::Architectures { "amd64"; };',
				'APT::Install-Recommends "false";',
				'APT::Sandbox::User "root";',
				'Acquire::Languages "none";',
				'Acquire::ForceHash "sha256";',
				"",
			].join("\n"),
		);
		const world = new AptWorld(folder);
		await command("apt-get", ["update", "-q"], { env: world.#env });
		return world;
	}

	/** What an empty Debian would install for these, with what every Debian has. */
	async resolve(names: readonly string[]): Promise<LockedPackage[]> {
		const uris = await command("apt-get", ["install", "--print-uris", "-qq", "-y", everywhere, ...names], {
			env: this.#env,
		});
		return uris
			.split("\n")
			.filter((line) => line.startsWith("'"))
			.map(packageOf);
	}

	/** Fetches into `pool` what isn't there yet, and looks at every file's hash. @throws RoomError `image.lock_drift` */
	async fetch(packages: readonly LockedPackage[], pool: string, detail: (text: string) => void): Promise<void> {
		const there = new Set(await readdir(pool));
		const missing = packages.filter((one) => !there.has(fileOf(one)));
		if (missing.length > 0) {
			const aside = join(this.#folder, "fetching");
			await rm(aside, { recursive: true, force: true });
			await mkdir(aside);
			const wanted = missing.map(({ name, version }) => `${name}=${version}`);
			detail(`fetching ${missing.length} of ${packages.length} packages`);
			await command("apt-get", ["download", "-q", ...wanted], { cwd: aside, env: this.#env, line: detail }).catch(
				(cause) => {
					throw new RoomError(
						"image.lock_drift",
						`The mirror doesn't have all packages of packages.lock any more. See what changed with --update-lock.\n${cause.message}`,
						{ cause },
					);
				},
			);
			for (const one of missing) await rename(join(aside, fileOf(one)), join(pool, fileOf(one)));
		}
		for (const one of packages) {
			if ((await sha256Of(join(pool, fileOf(one)))) === one.sha256) continue;
			await rm(join(pool, fileOf(one)));
			throw new RoomError("image.lock_drift", `${fileOf(one)} is not the file of packages.lock`, {
				context: { package: one.name },
			});
		}
	}
}

/** As apt names the file: an epoch's colon is escaped. */
export const fileOf = ({ name, version, architecture }: LockedPackage): string =>
	`${name}_${version.replaceAll(":", "%3a")}_${architecture}.deb`;

/** A line of `apt-get --print-uris`: `'uri' name_version_architecture.deb bytes SHA256:hex`. */
export function packageOf(line: string): LockedPackage {
	const [, name, version, architecture, sha256] =
		/^'[^']+' ([^_ ]+)_([^_ ]+)_([a-z0-9]+)\.deb \d+ SHA256:([0-9a-f]{64})$/.exec(line) ?? [];
	if (!name || !version || !architecture || !sha256) {
		throw new RoomError("image.tool_failed", `apt-get printed what is no package: ${line.slice(0, 200)}`);
	}
	return { name, version: version.replaceAll("%3a", ":"), architecture, sha256 };
}

/** The host's own sources of Debian 12: main, updates, security. */
async function sourcesOfHost(): Promise<string[]> {
	const targets = await command("apt-get", [
		"indextargets",
		"--format",
		"$(ORIGIN) $(REPO_URI) $(RELEASE) $(COMPONENT) $(ARCHITECTURE)",
		"Created-By: Packages",
	]);
	const sources = new Set<string>();
	for (const line of targets.split("\n")) {
		const [origin, uri, release, component, architecture] = line.split(" ");
		if (origin !== "Debian" || component !== "main" || architecture !== "amd64") continue;
		if (release && /^bookworm(?:-updates|-security)?$/.test(release)) {
			sources.add(`deb [signed-by=${keyring}] ${uri} ${release} main\n`);
		}
	}
	if ([...sources].some((source) => source.includes(" bookworm-security "))) return [...sources];
	throw new RoomError(
		"image.no_mirror",
		"apt on this machine has no sources of Debian 12 with security updates; run `apt-get update` after adding them",
	);
}
