import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { Argument, Option } from "commander";
import { RoomError } from "../../../device/core/RoomError.ts";
import type { Rollout } from "../../contract/http/shapes.ts";
import { firmwareSpec, isJobOver, type JobState } from "../../contract/jobs.ts";
import type { Fleet, Group } from "../FleetCommand.ts";
import { table } from "../table.ts";
import { everything } from "./everything.ts";
import { when } from "./rooms.ts";

const LOOK_MS = 1000;
const countOf = ({ waves }: Rollout, which: (state: JobState) => boolean): number =>
	waves
		.flatMap(({ counts }) => Object.entries(counts))
		.reduce((sum, [state, n]) => sum + (which(state as JobState) ? n : 0), 0);
const failed = (state: JobState) => state === "FAILED" || state === "ROLLED_BACK" || state === "REJECTED";

const line = (rollout: Rollout, width: number): string => {
	const succeeded = countOf(rollout, (state) => state === "SUCCEEDED");
	const done = Math.round((width * countOf(rollout, isJobOver)) / Math.max(1, rollout.size));
	const bar = `[${"#".repeat(done)}${"·".repeat(width - done)}]`;
	const failures = countOf(rollout, failed);
	return `${bar} wave ${rollout.wave + 1}/${rollout.waves.length}  ${succeeded}/${rollout.size} succeeded${failures ? `, ${failures} failed` : ""}  ${rollout.state}`;
};

const draw = (rollout: Rollout): string =>
	[
		`${rollout.name}: firmware ${rollout.spec.version}\n${line(rollout, 30)}\n`,
		rollout.reason
			? `paused: ${rollout.reason}. incamera fleet rollout devices ${rollout.id} says which rooms and why.\n`
			: "",
		"\n",
		table(
			rollout.waves.map((wave, index) => ({ ...wave, index })),
			[
				{ title: "WAVE", of: ({ index }) => String(index + 1), right: true },
				{ title: "ROOMS", of: ({ size }) => String(size), right: true },
				{ title: "STATE", of: ({ state }) => state },
				{
					title: "",
					of: ({ counts }) =>
						Object.entries(counts)
							.map(([state, n]) => `${n} ${state.toLowerCase()}`)
							.join(", "),
				},
			],
		),
	].join("");

/** Draws a rollout over itself until it ends or pauses. */
async function watch({ call, io }: Fleet, id: string): Promise<Rollout> {
	for (;;) {
		const rollout = await call("rollouts.get", { params: { id } });
		if (io.terminal) io.err(`\r\u001b[2K${line(rollout, Math.max(10, Math.min(40, io.columns - 60)))}`);
		if (rollout.state !== "running") {
			if (io.terminal) io.err("\n");
			return rollout;
		}
		await pause(LOOK_MS, undefined, { signal: io.signal });
	}
}

async function digestOf(file: string): Promise<{ digest: string; bytes: number }> {
	const hash = createHash("sha256");
	try {
		for await (const chunk of createReadStream(file)) hash.update(chunk);
		return { digest: hash.digest("hex"), bytes: (await stat(file)).size };
	} catch (cause) {
		throw new RoomError("cli.file_unreadable", `${file} can't be read`, { cause });
	}
}

/** What the image repository has. Error: `cli.not_published`. */
async function published({ call }: Fleet, version: string): Promise<{ url: string; digest: string; bytes: number }> {
	const { items } = await call("releases.list");
	const release = items.find((one) => one.version === version);
	if (!release) throw new RoomError("cli.not_published", "the fleet's image repository has no such version");
	const { url, digest, bytes } = release;
	return { url, digest, bytes };
}

/** Bringing firmware to rooms. */
export const rollouts: Group = (fleet, run) => {
	const group = fleet
		.command("rollout")
		.summary("bring firmware to rooms, in waves")
		.description(
			"Rollouts: one room, then 1, 10, 50 and 100 per cent. A wave follows at 95 per cent of successes; at more than 2 per cent, or three, failures the rollout pauses. Scope: rollouts.",
		);
	const rolloutId = new Argument("<id>", "as `rollout list` lists it");
	group
		.command("list")
		.summary("list rollouts")
		.action(() =>
			run(async ({ call, show }) =>
				show((await call("rollouts.list")).items, (items) =>
					table(items, [
						{ title: "ID", of: ({ id }) => id },
						{ title: "NAME", of: ({ name }) => name },
						{ title: "FIRMWARE", of: ({ spec }) => spec.version },
						{ title: "STATE", of: ({ state }) => state },
						{ title: "WAVE", of: ({ wave, waves }) => `${wave + 1}/${waves.length}` },
						{ title: "ROOMS", of: ({ size }) => String(size), right: true },
						{ title: "SINCE", of: ({ createdAt }) => when(createdAt) },
					]),
				),
			),
		);
	group
		.command("create")
		.summary("begin a rollout")
		.addArgument(new Argument("<name>", "for people"))
		.requiredOption("--firmware <version>", "for example 2.1.0")
		.option(
			"--url <url>",
			"where rooms download the bundle; without it, what the fleet's image repository has of this version",
		)
		.option("--file <bundle>", "with --url: the bundle itself, on this machine; its size and SHA-256 are taken from it")
		.option("--deadline <moment>", "RFC 3339; from then on panels ask people to let it happen")
		.option("--rooms <ids...>", "only these; else all active rooms")
		.option("--watch", "stay and show progress")
		.action(
			(
				name: string,
				options: {
					firmware: string;
					url?: string;
					file?: string;
					deadline?: string;
					rooms?: string[];
					watch?: boolean;
				},
			) =>
				run(async (fleet) => {
					const { firmware: version, url, file, deadline, rooms } = options;
					if ((url === undefined) !== (file === undefined))
						throw new RoomError("cli.usage", "--url and --file go together");
					const spec = firmwareSpec.safeParse({
						version,
						...(url !== undefined && file !== undefined
							? { url, ...(await digestOf(file)) }
							: await published(fleet, version)),
						deadline: deadline ? Date.parse(deadline) : null,
					});
					if (!spec.success) throw new RoomError("cli.usage", `${String(spec.error.issues[0]?.path[0])} is not valid`);
					const made = await fleet.call("rollouts.create", {
						body: { name, spec: spec.data, ...(rooms ? { devices: rooms } : {}) },
					});
					fleet.show(options.watch ? await watch(fleet, made.id) : made, draw);
				}),
		);
	group
		.command("show")
		.summary("one rollout")
		.addArgument(rolloutId)
		.option("--watch", "stay until it ends or pauses")
		.action((id: string, options: { watch?: boolean }) =>
			run(async (fleet) =>
				fleet.show(options.watch ? await watch(fleet, id) : await fleet.call("rollouts.get", { params: { id } }), draw),
			),
		);
	group
		.command("devices")
		.summary("its rooms, those that failed first")
		.addArgument(rolloutId)
		.addOption(new Option("--last <n>", "so many").default("200"))
		.action((id: string, { last }: { last: string }) =>
			run(async ({ call, show }) =>
				show(await everything(call, "rollouts.devices", { params: { id } }, Number(last)), (items) =>
					table(items, [
						{ title: "ID", of: ({ device }) => device },
						{ title: "ROOM", of: ({ name }) => name },
						{ title: "WAVE", of: ({ wave }) => String(wave + 1), right: true },
						{ title: "STATE", of: ({ state, pct }) => (pct === null ? state : `${state} ${Math.round(pct)} %`) },
						{ title: "WHY", of: ({ error }) => error ?? "" },
					]),
				),
			),
		);
	for (const [verb, summary] of [
		["pause", "begin nothing more"],
		["resume", "go on; failures so far are accepted"],
		["cancel", "call back what has not begun"],
	] as const) {
		group
			.command(verb)
			.summary(summary)
			.addArgument(rolloutId)
			.action((id: string) =>
				run(async ({ call, show }) => show(await call(`rollouts.${verb}`, { params: { id } }), draw)),
			);
	}
};
