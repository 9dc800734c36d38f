import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runProgram } from "../../../provisioning/cli/program.ts";

let folder: string;
let out: string;
let err: string;

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "incamera-repo-"));
	[out, err] = ["", ""];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const at = (...names: string[]): string => join(folder, ...names);
/** Runs `incamera image repo` with these words. */
function run(...words: string[]): Promise<number> {
	[out, err] = ["", ""];
	return runProgram(["image", "repo", ...words], {
		io: {
			out: (text) => {
				out += text;
			},
			err: (text) => {
				err += text;
			},
			env: { HOME: folder },
			terminal: false,
			columns: 80,
			signal: new AbortController().signal,
		},
		connect: () => () => Promise.reject(new Error("no fleet is needed")),
		readInput: async () => "",
		version: "0.1.0",
	});
}

test("a repository is made, gets releases, loses one, and its root is signed in two places", async () => {
	await writeFile(at("2.raucb"), "the second");
	expect(await run("init", at("repo"), "--keys", at("keys"))).toBe(0);
	expect(err).toContain("three places");
	for (const name of await readdir(at("keys"))) expect((await stat(at("keys", name))).mode & 0o077).toBe(0);
	// the root's keys are elsewhere from now on
	for (const number of [1, 2, 3]) await rename(at("keys", `root-${number}.pem`), at(`root-${number}.pem`));
	expect(await run("publish", at("repo"), at("2.raucb"), "--firmware", "2.0.0", "--keys", at("keys"))).toBe(0);
	expect(out).toMatch(/^2\.0\.0 +0\.0 {2}[0-9a-f]{64}$/m);
	expect(await run("sign", at("repo"), "--keys", at("keys"))).toBe(0);
	expect(await run("sign", at("repo"), "--root", at("root-1.pem"))).toBe(0);
	expect(err).toContain("One more");
	expect(out).toContain("needs another");
	expect(await run("sign", at("repo"), "--root", at("root-3.pem"))).toBe(0);
	expect(err).toContain("counts");
	expect(await run("show", at("repo"), "--release")).toBe(0);
	await mkdir(at("stick"));
	expect(await run("stick", at("repo"), "2.0.0", "--to", at("stick"))).toBe(0);
	expect((await readdir(at("stick"))).sort()).toEqual(["incamera-2.0.0.raucb", "metadata"]);
	expect(await readdir(at("stick", "metadata"))).toEqual(await readdir(at("repo", "metadata")));
	expect(await run("stick", at("repo"), "9.9.9", "--to", at("stick"))).toBe(5);
	expect(await run("stick", at("repo"), "2.0.0", "--to", at("nowhere"))).toBe(1);
	expect(err).toContain("repo.stick_unwritable");
	expect(await run("withdraw", at("repo"), "2.0.0", "--keys", at("keys"))).toBe(0);
	expect(out).not.toContain("2.0.0");
});

test("what can't be done says why, and how to go on", async () => {
	await writeFile(at("2.raucb"), "the second");
	expect(await run("init", at("repo"), "--keys", at("keys"), "--development")).toBe(0);
	expect(out).toContain("For development only");
	expect(await run("init", at("repo"), "--keys", at("keys"))).toBe(6);
	expect(await run("show", at("repo"), "--release")).toBe(4);
	expect(err).toContain("repo.development");
	expect(await run("withdraw", at("repo"), "9.9.9", "--keys", at("keys"))).toBe(5);
	expect(await run("publish", at("repo"), at("2.raucb"), "--firmware", "two", "--keys", at("keys"))).toBe(2);
	expect(await run("publish", at("repo"), at("none.raucb"), "--firmware", "2.0.0", "--keys", at("keys"))).toBe(1);
	expect(await run("sign", at("repo"))).toBe(2);
	expect(await run("sign", at("repo"), "--root", at("keys", "targets.pem"))).toBe(4);
	expect(await run("sign", at("repo"), "--root", at("keys", "root-1.pem"), "--replace", "root=x")).toBe(2);
	await rm(at("keys", "timestamp.pem"));
	expect(await run("sign", at("repo"), "--keys", at("keys"))).toBe(1);
	expect(err).toContain("repo.key_missing");
	expect(await run("show", at("nowhere"))).toBe(1);
});
