import { createPrivateKey } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { Updater } from "tuf-js";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ManualClock } from "../../../../device/core/clock.ts";
import { diskFiles } from "../../../../provisioning/agent/identity/StateFiles.ts";
import { ImageRepository } from "../../../../provisioning/agent/trust/ImageRepository.ts";
import { type Proposed, UpdateTrust } from "../../../../provisioning/agent/trust/UpdateTrust.ts";
import { lifeDays, ReleaseRepository } from "../../../../provisioning/cli/image/ReleaseRepository.ts";
import { openCa } from "../../../../provisioning/service/ca/FleetCa.ts";
import { type Directed, makeDirective } from "../../../../provisioning/trust/directive.ts";
import { type Release, readMetadata, targetPath } from "../../../../provisioning/trust/metadata.ts";
import { FileServer } from "../../../sim/network/FileServer.ts";

const DAY_MS = 86_400_000;
const device = "dev-00000001";
const jobId = "J".repeat(22);

let folder: string;
let clock: ManualClock;
let server: FileServer;
let repository: ReleaseRepository;
let keys: string;
let release: Release;
let director: { certificate: string; key: string; authority: string };

const at = (...names: string[]): string => join(folder, ...names);
const metadata = (name: string): string => at("repository", "metadata", name);

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "incamera-trust-"));
	clock = new ManualClock(Date.UTC(2026, 0, 1));
	server = await FileServer.start();
	repository = new ReleaseRepository({ folder: at("repository"), clock });
	keys = at("keys");
	await repository.init(keys, { development: true });
	await writeFile(at("2.raucb"), "the second");
	release = await repository.publish(keys, at("2.raucb"), "2.0.0");
	// what comes with the firmware
	await copyFile(metadata("1.root.json"), at("root.json"));
	await writeFile(at("epoch"), "");
	await utimes(at("epoch"), new Date(clock.now() - DAY_MS), new Date(clock.now() - DAY_MS));
	const ca = await openCa(at("ca"), { clock });
	const { certificate, key } = await ca.issuePart("director", { days: 61 });
	director = { certificate, key, authority: ca.certificate };
});
afterEach(async () => {
	await server.stop();
	await rm(folder, { recursive: true, force: true });
});

/** What the server has now. */
async function serve(from = at("repository")): Promise<void> {
	server.clear();
	for (const name of await readdir(join(from, "metadata"))) {
		server.put(await readFile(join(from, "metadata", name)), `metadata/${name}`);
	}
}
function proposed(over: Partial<Directed> = {}, spec: Partial<Proposed["spec"]> = {}, seq = 1): Proposed {
	const directed = { device, jobId, seq, release, expires: clock.now() + 30 * DAY_MS, ...over };
	const targets = makeDirective(directed, createPrivateKey(director.key));
	const { digest, bytes, version } = release;
	return {
		...{ jobId, seq },
		spec: { digest, bytes, version, url: server.url(targetPath(digest)), deadline: null, ...spec },
		director: { certificate: director.certificate, targets },
	};
}
const trust = (of: { authority?: string; device?: string } = {}): UpdateTrust =>
	new UpdateTrust({
		rootPath: at("root.json"),
		epochPath: at("epoch"),
		folder: at("state"),
		files: diskFiles,
		clock,
		random: () => 1,
		device,
		authority: director.authority,
		...of,
	});
/** `approved`, or the code of the refusal. */
const verdict = (job: Proposed, by = trust()): Promise<string> =>
	by.approve(job, new AbortController().signal).then(
		() => "approved",
		(error: { code: string }) => error.code,
	);

/** Time passes until there is an answer. */
async function inTime(asked: Promise<string>, stepMs: number): Promise<string> {
	let said = "";
	void asked.then((code) => {
		said = code;
	});
	await expect
		.poll(
			() => {
				clock.advance(stepMs);
				return said;
			},
			{ interval: 5 },
		)
		.not.toBe("");
	return said;
}

describe("an update", () => {
	test("that image repository and director both name is approved, again and again", async () => {
		await serve();
		expect(await verdict(proposed())).toBe("approved");
		expect(await verdict(proposed())).toBe("approved");
		await repository.renew(keys);
		await serve();
		expect(await verdict(proposed())).toBe("approved");
	});

	test("is what the reference client finds there, too", async () => {
		await rm(at("repository"), { recursive: true });
		const now = new ReleaseRepository({
			folder: at("repository"),
			clock: { ...clock, now: Date.now, after: () => () => {} },
		});
		await now.init(at("keys-of-now"), { development: false });
		const { digest, bytes } = await now.publish(at("keys-of-now"), at("2.raucb"), "2.0.0");
		await serve();
		server.put(await readFile(at("repository", targetPath(digest))), targetPath(digest));
		await mkdir(at("client"));
		await copyFile(metadata("1.root.json"), at("client", "root.json"));
		const base = server.url("x").slice(0, -2);
		const client = new Updater({
			metadataDir: at("client"),
			metadataBaseUrl: `${base}/metadata`,
			targetDir: at("client"),
			targetBaseUrl: base,
			config: { prefixTargetsWithHash: false },
		});
		await client.refresh();
		const target = await client.getTargetInfo(targetPath(digest));
		expect(target).toMatchObject({ length: bytes, hashes: { sha256: digest } });
		const path = await client.downloadTarget(target as NonNullable<typeof target>);
		expect(await readFile(path, "utf8")).toBe("the second");
	});

	test.each([
		["names another device", { device: "dev-00000002" }, "update.director_refused"],
		["names another job", { jobId: "K".repeat(22) }, "update.director_refused"],
		["is of an older job", { seq: 7 }, "update.director_refused"],
	])("whose director's word %s is refused", async (_what, over, code) => {
		await serve();
		expect(await verdict({ ...proposed(over), seq: 8 })).toBe(code);
	});

	test("without a director's word, or with one of a stranger's, is refused", async () => {
		await serve();
		expect(await verdict({ ...proposed(), director: null })).toBe("update.director_missing");
		const other = await openCa(at("other"), { clock });
		expect(await verdict(proposed(), trust({ authority: other.certificate }))).toBe("update.director_refused");
		// a device's own certificate makes no director, nor does another part of the fleet
		const ca = await openCa(at("ca"), { clock });
		for (const { certificate, key } of [await ca.issueDevice(device), await ca.issuePart("probe")]) {
			director = { ...director, certificate, key };
			expect(await verdict(proposed())).toBe("update.director_refused");
		}
		// a right certificate, another key
		director = { ...director, certificate: (await ca.issuePart("director")).certificate };
		expect(await verdict(proposed())).toBe("update.director_refused");
	});

	test("whose director's word or certificate has expired is refused", async () => {
		await serve();
		expect(await verdict(proposed({ expires: clock.now() }))).toBe("update.metadata_expired");
		clock.advance(62 * DAY_MS);
		expect(await verdict(proposed({ expires: clock.now() + DAY_MS }))).toBe("update.director_refused");
	});

	test("that only one of the two names is refused: neither can bring a bundle alone", async () => {
		await serve();
		// who has the fleet service names what was never released
		const digest = "ab".repeat(32);
		const never = { ...release, digest };
		expect(await verdict(proposed({ release: never }, { digest, url: server.url(targetPath(digest)) }))).toBe(
			"update.not_published",
		);
		// who has the release keys publishes, and the director means another one
		await writeFile(at("3.raucb"), "the third");
		const third = await repository.publish(keys, at("3.raucb"), "3.0.0");
		await serve();
		expect(await verdict(proposed({}, { digest: third.digest, bytes: third.bytes, version: "3.0.0" }))).toBe(
			"update.director_disagrees",
		);
		// all agree on the bytes, and not on what they are called
		expect(await verdict(proposed({ release: { ...release, version: "9.9.9" } }, { version: "9.9.9" }))).toBe(
			"update.director_disagrees",
		);
		expect(await verdict(proposed({ release: { ...release, bytes: 3 } }, { bytes: 3 }))).toBe(
			"update.director_disagrees",
		);
	});

	test("that was taken back is not there any more", async () => {
		await repository.withdraw(keys, "2.0.0");
		await serve();
		expect(await verdict(proposed())).toBe("update.not_published");
	});
});

describe("metadata", () => {
	test("that has expired is refused: a repository can't be frozen", async () => {
		await serve();
		clock.advance(lifeDays.timestamp * DAY_MS - 1000);
		expect(await verdict(proposed())).toBe("approved");
		clock.advance(1000);
		expect(await verdict(proposed())).toBe("update.metadata_expired");
	});

	test("that has expired is found out with a clock that is wrong at boot, too", async () => {
		await serve();
		expect(await verdict(proposed())).toBe("approved");
		clock.advance(5 * DAY_MS);
		await repository.renew(keys);
		const frozen = at("frozen");
		await cp(at("repository"), frozen, { recursive: true });
		await serve();
		expect(await verdict(proposed())).toBe("approved");
		clock.advance(8 * DAY_MS);
		await repository.renew(keys);
		await serve();
		expect(await verdict(proposed())).toBe("approved");
		// the battery of the clock is empty, and somebody shows what was good then; even if what we kept of versions is gone
		for (const name of ["timestamp.json", "snapshot.json"]) await rm(at("state", name));
		const past = new ManualClock(Date.UTC(2026, 0, 2));
		clock = past;
		await serve(frozen);
		expect(await verdict(proposed())).toBe("update.metadata_expired");
		// a device fresh from the factory knows when its firmware was built
		await rm(at("state"), { recursive: true });
		expect(await verdict(proposed())).toBe("approved");
		await rm(at("state"), { recursive: true });
		await utimes(at("epoch"), new Date(Date.UTC(2026, 0, 14)), new Date(Date.UTC(2026, 0, 14)));
		expect(await verdict(proposed())).toBe("update.metadata_expired");
	});

	test("older than what was seen is refused", async () => {
		const old = at("old");
		await cp(at("repository"), old, { recursive: true });
		await repository.renew(keys);
		await serve();
		expect(await verdict(proposed())).toBe("approved");
		await serve(old);
		expect(await verdict(proposed())).toBe("update.metadata_rolled_back");
		await serve();
		expect(await verdict(proposed())).toBe("approved");
	});

	test("of different moments does not go together", async () => {
		const old = at("old");
		await cp(at("repository"), old, { recursive: true });
		await writeFile(at("3.raucb"), "the third");
		await repository.publish(keys, at("3.raucb"), "3.0.0");
		// an older snapshot, and older targets, under the names of the new ones
		for (const [now, then] of [
			["3.snapshot.json", "2.snapshot.json"],
			["3.targets.json", "2.targets.json"],
		] as const) {
			await serve();
			server.put(await readFile(join(old, "metadata", then)), `metadata/${now}`);
			expect(await verdict(proposed()), now).toBe("update.metadata_forged");
		}
		await serve();
		expect(await verdict(proposed())).toBe("approved");
	});

	test.each(["timestamp", "snapshot", "targets"] as const)(
		"with a %s signed by a stranger is refused",
		async (role) => {
			const stranger = new ReleaseRepository({ folder: at("strange"), clock });
			await stranger.init(at("strange-keys"), { development: true });
			await stranger.publish(at("strange-keys"), at("2.raucb"), "2.0.0");
			await serve();
			const name = role === "timestamp" ? "timestamp.json" : `2.${role}.json`;
			server.put(await readFile(at("strange", "metadata", name)), `metadata/${name}`);
			expect(await verdict(proposed())).toBe("update.metadata_forged");
		},
	);

	test("of which a byte was changed is refused, wherever it is", async () => {
		const files = ["timestamp.json", "2.snapshot.json", "2.targets.json"] as const;
		const bytes = new Map<string, Buffer>();
		for (const name of files) bytes.set(name, await readFile(metadata(name)));
		const root = await readFile(at("root.json"));
		const forgetful = {
			read: async () => null,
			write: async () => {},
			makeFolder: async () => {},
			remove: async () => {},
			list: async () => [],
		};
		const refresh = (served: Map<string, Buffer>) =>
			ImageRepository.refresh({
				root,
				folder: "nowhere",
				files: forgetful,
				fetch: async (name) => served.get(name) ?? null,
				now: clock.now(),
				notBefore: 0,
			}).then(
				() => "approved",
				(error: { code: string }) => error.code,
			);
		expect(await refresh(bytes)).toBe("approved");
		await fc.assert(
			fc.asyncProperty(
				fc.constantFrom(...files),
				fc.nat(),
				fc.integer({ min: 1, max: 255 }),
				async (name, place, flip) => {
					const right = bytes.get(name) as Buffer;
					const changed = Buffer.from(right);
					const where = place % (changed.length - 1);
					changed[where] = (changed[where] as number) ^ flip;
					const said = await refresh(new Map(bytes).set(name, changed));
					// nobody vouches for the timestamp's bytes, only for what they say
					if (name !== "timestamp.json") expect(said).not.toBe("approved");
					else if (said === "approved") {
						const [one, other] = [changed, right].map((text) => readMetadata("timestamp", text).signed.toJSON());
						expect(one).toEqual(other);
					}
				},
			),
			{ numRuns: 500 },
		);
	});

	test("that is missing, endless or no metadata ends by code", async () => {
		for (const body of ["", "{}", "null", "[]", '{"signed":{},"signatures":[]}', "x".repeat(20_000)]) {
			await serve();
			server.put(Buffer.from(body), "metadata/timestamp.json");
			expect(await verdict(proposed()), body.slice(0, 40)).toBe("update.metadata_forged");
		}
		await serve();
		server.misbehave = (request, response) => {
			if (!request.url?.endsWith("timestamp.json")) return false;
			response.writeHead(302, { location: "http://127.0.0.1:1/" }).end();
			return true;
		};
		expect(await inTime(verdict(proposed()), 60_000)).toBe("update.unreachable");
	});

	test("of a repository that is away is waited for", async () => {
		await serve();
		server.misbehave = (_request, response, turn) => {
			if (turn > 2) return false;
			response.writeHead(503).end();
			return true;
		};
		expect(await inTime(verdict(proposed()), 1000)).toBe("approved");
	});
});

describe("the root", () => {
	test("is followed where two of its three keys sign the next, and not where one does, or strangers", async () => {
		expect(await repository.signRoot(at("keys", "root-1.pem"))).toBe(false);
		await copyFile(metadata("pending.root.json"), metadata("2.root.json"));
		await serve();
		expect(await verdict(proposed())).toBe("update.metadata_forged");
		await rm(metadata("2.root.json"));
		expect(await repository.signRoot(at("keys", "root-3.pem"))).toBe(true);
		await serve();
		expect(await verdict(proposed())).toBe("approved");
		expect(existsSync(at("state", "2.root.json"))).toBe(true);
		await expect(repository.signRoot(at("keys", "targets.pem"))).rejects.toMatchObject({ code: "repo.key_foreign" });
		// a root of strangers, in our own folder
		const stranger = new ReleaseRepository({ folder: at("strange"), clock });
		await stranger.init(at("strange-keys"), { development: true });
		await copyFile(at("strange", "metadata", "1.root.json"), at("state", "2.root.json"));
		expect(await verdict(proposed())).toBe("approved");
	});

	test("can take a key's right away: what the thief signed before counts for nothing, however high it counted", async () => {
		// the thief of the timestamp's key has used up many versions
		for (let turn = 0; turn < 5; turn++) await repository.renew(keys);
		await serve();
		expect(await verdict(proposed())).toBe("approved");
		const clean = new ReleaseRepository({ folder: at("clean"), clock });
		await cp(at("repository"), at("clean"), { recursive: true });
		await mkdir(at("new"));
		await new ReleaseRepository({ folder: at("unused"), clock }).init(at("new"), { development: true });
		const replace = { timestamp: at("new", "timestamp.pem"), snapshot: at("new", "snapshot.pem") };
		await clean.signRoot(at("keys", "root-2.pem"), replace);
		await clean.signRoot(at("keys", "root-3.pem"));
		await expect(clean.renew(keys)).rejects.toMatchObject({ code: "repo.key_foreign" });
		await copyFile(at("keys", "targets.pem"), at("new", "targets.pem"));
		await rm(at("clean", "metadata", "timestamp.json"));
		await copyFile(metadata("1.snapshot.json"), at("clean", "metadata", "1.snapshot.json"));
		await copyFile(metadata("timestamp.json"), at("clean", "metadata", "timestamp.json"));
		await clean.renew(at("new"));
		await serve(at("clean"));
		expect(await verdict(proposed())).toBe("approved");
		// and the thief's repository is none any more
		await cp(at("repository", "metadata", "timestamp.json"), at("clean", "metadata", "timestamp.json"));
		await serve(at("clean"));
		expect(await verdict(proposed())).toBe("update.metadata_forged");
	});

	test("that has expired stops everything", async () => {
		await serve();
		clock.advance((lifeDays.root + 1) * DAY_MS);
		await repository.renew(keys);
		await serve();
		const ca = await openCa(at("ca"), { clock });
		director = { ...director, ...(await ca.issuePart("director")) };
		expect(await verdict(proposed())).toBe("update.metadata_expired");
	});

	test("made for development says so, and is no release's", async () => {
		expect(await repository.state({ release: false })).toMatchObject({
			development: true,
			releases: [{ version: "2.0.0" }],
		});
		await expect(repository.state({ release: true })).rejects.toMatchObject({ code: "repo.development" });
		await repository.signRoot(at("keys", "root-1.pem"));
		expect(await repository.state({ release: false })).toMatchObject({ pendingRoot: { version: 2, signatures: 1 } });
		await repository.signRoot(at("keys", "root-2.pem"));
		await expect(repository.state({ release: true })).rejects.toMatchObject({ code: "repo.development" });
	});
});
