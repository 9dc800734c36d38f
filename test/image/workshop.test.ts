import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Writable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hashOf } from "../../image/core/hashOf.ts";
import { Progress } from "../../image/core/Progress.ts";
import { Workshop } from "../../image/core/Workshop.ts";

let root: string;
beforeEach(async () => {
	root = await mkdtemp(join(tmpdir(), "incamera-workshop-"));
	await mkdir(join(root, "source/deep"), { recursive: true });
	await writeFile(join(root, "source/a"), "a");
	await writeFile(join(root, "source/deep/b"), "b");
});
afterEach(() => rm(root, { recursive: true }));

const silent = new Progress(new Writable({ write: (_chunk, _encoding, done) => done() }) as NodeJS.WriteStream);
const inputs = { files: ["source/**"] };

describe("the hash of a step's inputs", () => {
	it("follows content, name, mode, links and words, and nothing else", async () => {
		const seen = new Set<string>();
		const changed = async (words: string[] = []): Promise<void> => {
			const hash = await hashOf(root, { ...inputs, words });
			expect(seen).not.toContain(hash);
			seen.add(hash);
		};
		await changed();
		expect(seen).toContain(await hashOf(root, inputs));
		await writeFile(join(root, "source/a"), "A");
		await changed();
		await chmod(join(root, "source/a"), 0o755);
		await changed();
		await symlink("a", join(root, "source/link"));
		await changed();
		await writeFile(join(root, "source/deep/c"), "");
		await changed();
		await changed(["1"]);
		await changed(["1", ""]);
		await writeFile(join(root, "beside"), "not an input");
		expect(seen).toContain(await hashOf(root, inputs));
	});
});

describe("a step", () => {
	const make = async (times: { made: number }, workshop: Workshop) =>
		await workshop.step("thing", inputs, async (folder) => {
			times.made += 1;
			await writeFile(join(folder, "result"), String(times.made));
		});

	it("is made once for the same inputs, anew for others, and leaves only the newest", async () => {
		const workshop = new Workshop(root, { progress: silent });
		const times = { made: 0 };
		const first = await make(times, workshop);
		expect(await make(times, workshop)).toEqual(first);
		expect(times.made).toBe(1);
		await writeFile(join(root, "source/a"), "other");
		const second = await make(times, workshop);
		expect(times.made).toBe(2);
		expect(existsSync(first.folder)).toBe(false);
		expect(existsSync(join(second.folder, "result"))).toBe(true);
	});

	it("that was broken off looks like one that never was", async () => {
		const workshop = new Workshop(root, { progress: silent });
		const broken = workshop.step("thing", inputs, async (folder) => {
			await writeFile(join(folder, "half"), "");
			throw new Error("power cut");
		});
		await expect(broken).rejects.toThrow("power cut");
		const made = await make({ made: 0 }, workshop);
		expect(await readdir(made.folder)).toEqual(["result"]);
	});

	it("is made once by two builds at the same time, and one that died holds nobody up", async () => {
		await mkdir(join(root, "build/image"), { recursive: true });
		const dead = spawnSync("true").pid;
		await writeFile(join(root, "build/image/lock"), String(dead));
		const times = { made: 0 };
		const builds = [1, 2].map(() => make(times, new Workshop(root, { progress: silent })));
		const [one, other] = await Promise.all(builds);
		expect(one).toEqual(other);
		expect(times.made).toBe(1);
		expect(await readdir(join(root, "build/image"))).toEqual([basename(one?.folder ?? "")]);
	});

	it("leaves steps alone whose name begins with its own", async () => {
		const workshop = new Workshop(root, { progress: silent });
		const other = await workshop.step("thing-else", inputs, async () => {});
		await make({ made: 0 }, workshop);
		expect(existsSync(other.folder)).toBe(true);
	});
});
