import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { authoritiesFile } from "../../../../image/root/programs/authoritiesFile.ts";
import { readSetUpFile } from "../../../../image/root/programs/readSetUpFile.ts";
import { CommandLine } from "../../../sim/image/CommandLine.ts";
import { FirmwareFiles } from "../../../sim/image/FirmwareFiles.ts";
import { PrivateAuthority } from "../../../sim/network/PrivateAuthority.ts";

const run = promisify(execFile);
const MIB = 1024 ** 2;
const fleet = "mqtts://fleet.example.org:8884";
const code = "ABCD-EFGH-JKMN-PQRS";
let files: FirmwareFiles;
let image: string;
let command: CommandLine;

beforeAll(async () => {
	files = await FirmwareFiles.make();
	({ file: image } = await files.disk({ packed: false }));
});
afterAll(() => files.remove());
beforeEach(() => {
	command = new CommandLine();
});

const prepare = (...words: string[]) => command.run("image", "prepare", ...words);
/** What the device's own reader takes from the disk. */
async function taken(disk: string) {
	await run("mcopy", ["-n", "-o", "-i", `${disk}@@${MIB}`, "::/incamera/setup.yaml", files.at("taken.yaml")]);
	return readSetUpFile(files.at("taken.yaml"));
}

describe("a disk", () => {
	test("is told what the device then reads, and told anew", async () => {
		await writeFile(
			files.at("setup.yaml"),
			`fleet: { bootstrap: "${fleet}", page: https://fleet.example.org/enrol }\nnetwork: { address: 192.0.2.7/24, dns: [192.0.2.1] }\n`,
		);
		expect(await prepare(image, "--setup", files.at("setup.yaml"), "--enrolment-code", code)).toBe(0);
		expect(await taken(image)).toEqual({
			fleet: { bootstrap: fleet, page: "https://fleet.example.org/enrol", code },
			network: { address: "192.0.2.7/24", dns: ["192.0.2.1"] },
		});
		expect(command.out + command.err).not.toContain(code);
		expect(await prepare(image, "--fleet", "mqtts://other.example:8884")).toBe(0);
		expect(await taken(image)).toEqual({ fleet: { bootstrap: "mqtts://other.example:8884" } });
	});

	test("can be flashed and told in one go", async () => {
		const { file } = await files.disk({ name: "packed" });
		const device = files.at("disk");
		await writeFile(device, Buffer.alloc(16 * MIB));
		const words = ["image", "flash", file, "--device", device, "--keyring", files.keyring, "--yes", "disk"];
		expect(await command.run(...words, "--fleet", fleet, "--enrolment-code", code)).toBe(0);
		expect(await taken(device)).toEqual({ fleet: { bootstrap: fleet, code } });
	});
});

describe("an authority of one's own", () => {
	test("is what the device then trusts, each once, from files with more than one and words between", async () => {
		const [one, two] = [await PrivateAuthority.found(), await PrivateAuthority.found()];
		await writeFile(files.at("one.pem"), `Example's own\n${one.certificate}`);
		await writeFile(files.at("both.pem"), `${one.certificate}and the next one:\n${two.certificate}`);
		await writeFile(files.at("with.yaml"), JSON.stringify({ authorities: [two.certificate] }));
		const words = ["--authority", files.at("one.pem"), "--authority", files.at("both.pem")];
		expect(await prepare(image, "--setup", files.at("with.yaml"), ...words)).toBe(0);
		const setUp = await taken(image);
		expect(setUp).toEqual({ authorities: [two.certificate, one.certificate] });
		expect(authoritiesFile(setUp)).toBe(two.certificate + one.certificate);
		expect(authoritiesFile({})).toBe("");
	});

	test("is refused where it could vouch for nobody, or brings what it must not", async () => {
		const ours = await PrivateAuthority.found();
		const { key, cert } = await ours.server();
		const over = await PrivateAuthority.found({ days: -1 });
		const before = await readFile(image);
		for (const [text, said] of [
			[cert, "CA:TRUE"],
			[ours.certificate + cert, "CA:TRUE"],
			[ours.certificate + key, "private key"],
			[over.certificate, "in force until"],
			["nothing", "no certificate"],
			["-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "no certificate"],
			[ours.certificate.slice(40), "no certificate"],
		] as const) {
			await writeFile(files.at("wrong.pem"), text);
			expect([said, await prepare(image, "--authority", files.at("wrong.pem"))]).toEqual([said, 2]);
			expect(command.err).toContain(said);
			expect(command.err).not.toContain(key.slice(40, 80));
		}
		expect(await prepare(image, "--authority", files.at("no-such.pem"))).toBe(2);
		const many = await Promise.all(Array.from({ length: 9 }, () => PrivateAuthority.found()));
		await writeFile(files.at("many.pem"), many.map(({ certificate }) => certificate).join(""));
		expect(await prepare(image, "--authority", files.at("many.pem"))).toBe(2);
		expect(command.err).toContain("8 at most");
		expect((await readFile(image)).equals(before)).toBe(true);
	});
});

describe("a recovery certificate", () => {
	const pair = async (name: string): Promise<{ certificate: string; key: string }> => {
		expect(await command.run("image", "recovery-key", "new", "--to", files.at(name), "--no-passphrase", "--json")).toBe(
			0,
		);
		return JSON.parse(command.out) as { certificate: string; key: string };
	};

	test("goes to the device, and the private key never", async () => {
		const { certificate, key } = await pair("it");
		expect(await prepare(image, "--recovery-key", certificate)).toBe(0);
		expect(command.err).toBe("");
		const { recovery } = await taken(image);
		expect(recovery?.certificate).toBe(await readFile(certificate, "utf8"));
		// in one file with its key, as some keep them
		await writeFile(files.at("both.pem"), `${await readFile(key, "utf8")}${await readFile(certificate, "utf8")}`);
		expect(await prepare(image, "--recovery-key", files.at("both.pem"))).toBe(0);
		expect((await taken(image)).recovery).toEqual(recovery);
		const before = await readFile(image);
		expect(await prepare(image, "--recovery-key", key)).toBe(2);
		expect(command.err).toContain("no device may have");
		expect(await prepare(image, "--recovery-key", files.keyring)).toBe(2);
		expect(command.err).toContain("recovery.certificate_of_authority");
		expect(await prepare(image, "--recovery-key", files.at("nowhere.pem"))).toBe(2);
		expect((await readFile(image)).equals(before)).toBe(true);
	});

	test("for a disk that was started before comes with a word of what that needs", async () => {
		const { certificate } = await pair("late");
		const started = files.at("started.img");
		await writeFile(started, await readFile(image));
		await run("sfdisk", ["-q", "--part-label", started, "2", "data"]);
		expect(await prepare(started, "--recovery-key", certificate)).toBe(0);
		expect(command.err).toContain("flash it again");
	});
});

describe("what the device would not take", () => {
	test("is refused with line and key, and nothing is written", async () => {
		const before = await readFile(image);
		await writeFile(files.at("wrong.yaml"), "network:\n  address: 192.0.2.7\n");
		expect(await prepare(image, "--setup", files.at("wrong.yaml"))).toBe(2);
		expect(command.err).toContain("line 2: network.address");
		expect(await prepare(image, "--fleet", fleet, "--enrolment-code", "ABCD")).toBe(2);
		expect(command.err).toContain("no code of a fleet");
		expect(await prepare(image, "--enrolment-code", code, "--setup", files.at("wrong.yaml"))).toBe(2);
		expect(await prepare(image, "--fleet", "http://fleet.example")).toBe(2);
		expect(await prepare(image)).toBe(2);
		await writeFile(files.at("empty.yaml"), "{}\n");
		expect(await prepare(image, "--setup", files.at("empty.yaml"), "--enrolment-code", code)).toBe(2);
		expect(command.err).toContain("a code is for a fleet");
		expect((await readFile(image)).equals(before)).toBe(true);
	});

	test("onto something that is no disk says what to do", async () => {
		const { file } = await files.disk({ name: "still-packed" });
		expect(await prepare(file, "--fleet", fleet)).toBe(1);
		expect(command.err).toContain("while it is flashed");
		expect(await prepare(files.at("nothing"), "--fleet", fleet)).toBe(5);
	});
});
