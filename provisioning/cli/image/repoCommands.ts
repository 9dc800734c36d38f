import { Argument, type Command } from "commander";
import { systemClock } from "../../../device/core/clock.ts";
import { RoomError } from "../../../device/core/RoomError.ts";
import { firmwareVersion } from "../../contract/jobs.ts";
import { when } from "../fleet/rooms.ts";
import type { Io } from "../Io.ts";
import { table } from "../table.ts";
import { ReleaseRepository, type RepositoryState } from "./ReleaseRepository.ts";

const DAY_MS = 86_400_000;

/** `incamera image repo`: which firmware exists for devices, signed (docs/adr/0010). */
export function repoCommands(image: Command, io: Io, asJson: () => boolean): void {
	const repo = image
		.command("repo")
		.summary("the image repository: which firmware exists, signed")
		.description(
			"A folder that the fleet service or any static server can serve. Devices install what it names and their fleet's director tells them, nothing else. Keys are files of another folder: root-1 to root-3 (two of them sign; keep them apart, offline), targets (releases), snapshot and timestamp (say every few days that it is still so: `sign`, by a timer).",
		);
	const folder = new Argument("<folder>", "the repository");
	const open = (path: string): ReleaseRepository => new ReleaseRepository({ folder: path, clock: systemClock });
	const show = async (path: string, options: { release?: boolean } = {}): Promise<void> => {
		const state = await open(path).state({ release: options.release === true });
		io.out(asJson() ? `${JSON.stringify(state)}\n` : draw(state, systemClock.now()));
	};
	repo
		.command("init")
		.summary("make keys and an empty repository")
		.addArgument(folder)
		.requiredOption("--keys <folder>", "where the keys are written, 0600")
		.option("--development", "marks it for good: a release build refuses it")
		.action(async (path: string, { keys, development }: { keys: string; development?: boolean }) => {
			await open(path).init(keys, { development: development === true });
			io.err(
				`Two of root-1.pem, root-2.pem and root-3.pem sign a new root. Take them out of ${keys}, to three places.\n`,
			);
			await show(path);
		});
	repo
		.command("publish")
		.summary("add a bundle: from then on it exists for devices")
		.addArgument(folder)
		.argument("<bundle>", "a .raucb file")
		.requiredOption("--firmware <version>", "its version, for example 2.1.0")
		.requiredOption("--keys <folder>", "with targets.pem, snapshot.pem and timestamp.pem")
		.action(async (path: string, bundle: string, { firmware, keys }: { firmware: string; keys: string }) => {
			if (!firmwareVersion.safeParse(firmware).success) throw new RoomError("cli.usage", "--firmware is no version");
			await open(path).publish(keys, bundle, firmware);
			await show(path);
		});
	repo
		.command("stick")
		.summary("put a release onto a USB stick, for a device without network")
		.description(
			"Copies bundle and metadata into a folder: the uppermost of a stick with FAT32. Plugged in, the panel's service page offers it. It holds for 30 days after the last `sign`.",
		)
		.addArgument(folder)
		.argument("<version>", "for example 2.1.0")
		.requiredOption("--to <folder>", "where the stick is mounted")
		.action(async (path: string, version: string, { to }: { to: string }) => {
			await open(path).putOnStick(to, version);
			io.out(
				asJson()
					? `${JSON.stringify({ version, folder: to })}\n`
					: `${version} is on ${to}. Unmount it before it is pulled out.\n`,
			);
		});
	repo
		.command("withdraw")
		.summary("take a version back: no device installs it any more")
		.addArgument(folder)
		.argument("<version>", "for example 2.1.0")
		.requiredOption("--keys <folder>", "as for publish")
		.action(async (path: string, version: string, { keys }: { keys: string }) => {
			await open(path).withdraw(keys, version);
			await show(path);
		});
	repo
		.command("sign")
		.summary("say that it is still so; with --root, sign a new root")
		.description(
			"Without --root: a new snapshot and timestamp, by a timer, at least every few days. With --root: the next root by one of its keys; the second key makes it count.",
		)
		.addArgument(folder)
		.option("--keys <folder>", "with snapshot.pem and timestamp.pem")
		.option("--root <key>", "one of the root's keys, a file")
		.option("--replace <role=key...>", "with --root: another key for targets, snapshot or timestamp")
		.action(
			async (path: string, { keys, root, replace = [] }: { keys?: string; root?: string; replace?: string[] }) => {
				if ((keys === undefined) === (root === undefined)) throw new RoomError("cli.usage", "either --keys or --root");
				if (keys !== undefined) await open(path).renew(keys);
				else {
					const counts = await open(path).signRoot(root as string, replacements(replace));
					io.err(counts ? "The new root counts.\n" : "One more of the root's keys has to sign.\n");
				}
				await show(path);
			},
		);
	repo
		.command("show")
		.summary("what is in it, and how long it holds")
		.addArgument(folder)
		.option("--release", "fails if it was made for development")
		.action(show);
}

function replacements(said: readonly string[]): Partial<Record<"targets" | "snapshot" | "timestamp", string>> {
	return Object.fromEntries(
		said.map((one) => {
			const [, role, file] = /^(targets|snapshot|timestamp)=(.+)$/.exec(one) ?? [];
			if (role === undefined)
				throw new RoomError("cli.usage", "--replace wants targets=file, snapshot=file or timestamp=file");
			return [role, file];
		}),
	);
}

function draw({ development, metadata, releases, pendingRoot }: RepositoryState, nowMs: number): string {
	const kinds = Object.entries(metadata).map(([kind, { version, expires }]) => ({ kind, version, expires }));
	return [
		development ? "For development only.\n" : "",
		table(kinds, [
			{ title: "METADATA", of: ({ kind }) => kind },
			{ title: "VERSION", of: ({ version }) => String(version), right: true },
			{ title: "ENDS", of: ({ expires }) => when(new Date(expires).toISOString()) },
			{ title: "DAYS", of: ({ expires }) => String(Math.floor((expires - nowMs) / DAY_MS)), right: true },
		]),
		pendingRoot ? `Root ${pendingRoot.version} has ${pendingRoot.signatures} signature and needs another.\n` : "",
		"\n",
		table(releases, [
			{ title: "FIRMWARE", of: ({ version }) => version },
			{ title: "MB", of: ({ bytes }) => (bytes / 1e6).toFixed(1), right: true },
			{ title: "BUNDLE", of: ({ digest }) => digest },
		]),
	].join("");
}
