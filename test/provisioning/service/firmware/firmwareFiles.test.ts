import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fastify, { type FastifyInstance } from "fastify";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../../../device/core/clock.ts";
import { Download } from "../../../../provisioning/agent/jobs/download/Download.ts";
import { ReleaseRepository } from "../../../../provisioning/cli/image/ReleaseRepository.ts";
import { firmwareFiles } from "../../../../provisioning/service/firmware/firmwareFiles.ts";
import { releasesIn } from "../../../../provisioning/service/firmware/releases.ts";
import type { Release } from "../../../../provisioning/trust/metadata.ts";

let folder: string;
let app: FastifyInstance;
let url: string;
let release: Release;
const bytes = randomBytes(300_000);

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "incamera-firmware-"));
	const repository = new ReleaseRepository({ folder: join(folder, "repository"), clock: systemClock });
	await repository.init(join(folder, "keys"), { development: true });
	await writeFile(join(folder, "2.raucb"), bytes);
	release = await repository.publish(join(folder, "keys"), join(folder, "2.raucb"), "2.0.0");
	await repository.signRoot(join(folder, "keys", "root-1.pem"));
	app = fastify();
	await app.register(firmwareFiles, { folder: join(folder, "repository") });
	url = await app.listen({ port: 0, host: "127.0.0.1" });
});
afterEach(async () => {
	await app.close();
	await rm(folder, { recursive: true, force: true });
});
const get = (path: string, headers: Record<string, string> = {}) => fetch(`${url}/firmware/${path}`, { headers });

describe("firmware of the service", () => {
	test("is served in ranges, for ever; what changes is asked for again", async () => {
		const part = await get(`${release.digest}.raucb`, { range: "bytes=299990-" });
		expect(part.status).toBe(206);
		expect(part.headers.get("content-range")).toBe("bytes 299990-299999/300000");
		expect(part.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
		expect(Buffer.from(await part.arrayBuffer())).toEqual(bytes.subarray(299_990));
		expect((await get("metadata/timestamp.json")).headers.get("cache-control")).toBe("no-cache");
		expect((await get("metadata/1.root.json")).headers.get("cache-control")).toBe("no-cache");
		expect((await get("metadata/2.targets.json")).headers.get("cache-control")).toContain("immutable");
		expect((await get("metadata/2.root.json")).status).toBe(404);
	});

	test("has nothing else of the folder", async () => {
		const names = await readdir(join(folder, "repository", "metadata"));
		expect(names).toContain("pending.root.json");
		await writeFile(join(folder, "repository", "notes.txt"), "x");
		await writeFile(join(folder, "repository", `${release.digest}.raucb.new`), "x");
		const others = ["metadata/pending.root.json", "notes.txt", "", "metadata/", `${release.digest}.raucb.new`];
		for (const path of [
			...others,
			"..%2fkeys%2ftargets.pem",
			"metadata/..%2f..%2f..%2fkeys/targets.pem",
			"../keys/targets.pem",
		]) {
			expect((await get(path)).status, path).toBe(404);
		}
	});

	test("is what a device fetches, also from the middle on", async () => {
		const { digest, bytes: size } = release;
		const download = new Download({ folder: join(folder, "update"), clock: systemClock, rate: () => 1e9 });
		const wanted = { url: `${url}/firmware/${digest}.raucb`, digest, bytes: size };
		const seen: number[] = [];
		const options = { signal: new AbortController().signal, progress: (pct: number) => void seen.push(pct) };
		await mkdir(join(folder, "update"));
		await writeFile(join(folder, "update", `${digest}.part`), bytes.subarray(0, 150_000));
		await download.fetch(wanted, options);
		expect(seen[0]).toBeGreaterThanOrEqual(50);
	});

	test("is listed for those who roll it out", async () => {
		expect(await releasesIn(join(folder, "repository"))).toEqual([release]);
		await expect(releasesIn(join(folder, "nowhere"))).rejects.toMatchObject({ code: "api.no_repository" });
	});
});
