/** What the image's units promise, read from the files themselves. `systemd-analyze security` looks at them again in the image. */
import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { layout, stickLayout } from "../../image/disk/layout.ts";
import { loaderConfig, stickLoaderConfig } from "../../image/disk/loaderConfig.ts";

const root = join(import.meta.dirname, "../..");
const overlay = join(root, "image/root/overlay");
const units = new Map(
	[
		...globSync(join(overlay, "usr/lib/systemd/system/*.service")),
		...globSync(join(root, "provisioning/agent/systemd/*.service")),
	].map((file) => {
		const more = globSync(join(overlay, "usr/lib/systemd/system", `${basename(file)}.d/*.conf`));
		return [basename(file), [file, ...more].map((one) => readFileSync(one, "utf8")).join("\n")];
	}),
);
const values = (unit: string, key: string): string[] =>
	[...unit.matchAll(new RegExp(`^${key}=(.*)$`, "gm"))].map(([, value]) => value ?? "");

/** Units that are root, and what for. */
const asRoot: Record<string, string> = {
	"incamera-setup.service": "reads the ESP and the machine's serial number",
	"incamera-restart.service": "the same, when the agent asks",
	"incamera-give-up.service": "starts the machine again",
	"incamera-reset.service": "disks are root's",
	"incamera-support.service": "what it collects is of several accounts, and a stick is mounted otherwise for it",
	"incamera-tpm.service": "the TPM is root's",
	"incamera-installer.service": "it writes disks, which are root's; on a device it never starts",
	"incamera-recovery.service": "the data partition, the TPM and the ESP are root's",
};

describe("the units", () => {
	it("are these", () => {
		expect([...units.keys()].sort()).toEqual([
			"incamera-agent.service",
			"incamera-give-up.service",
			"incamera-health.service",
			"incamera-installer.service",
			"incamera-kiosk.service",
			"incamera-recovery.service",
			"incamera-reset.service",
			"incamera-restart.service",
			"incamera-room.service",
			"incamera-setup.service",
			"incamera-support.service",
			"incamera-tpm.service",
		]);
	});

	it.each([...units])("%s is root only for a reason, can't become it, and writes nothing but its own", (name, unit) => {
		const account = values(unit, "User")[0] ?? (values(unit, "DynamicUser").includes("yes") ? "dynamic" : "root");
		expect([name, account === "root"]).toEqual([name, name in asRoot]);
		for (const key of [
			"NoNewPrivileges",
			"ProtectHome",
			"ProtectClock",
			"ProtectKernelModules",
			"ProtectKernelTunables",
		]) {
			expect([name, key, values(unit, key)]).toEqual([name, key, ["yes"]]);
		}
		expect(values(unit, "ProtectSystem")).toEqual(["strict"]);
		expect(values(unit, "SystemCallArchitectures")).toEqual(["native"]);
		expect(values(unit, "CapabilityBoundingSet")).toHaveLength(1);
		if (account !== "root") expect(values(unit, "CapabilityBoundingSet")).toEqual([""]);
	});

	it.each([...units])("%s starts a program of the image, without a shell", (_name, unit) => {
		for (const start of values(unit, "ExecStart").filter((line) => line !== "")) {
			expect(start).toMatch(/^(?:\/usr\/lib\/incamera\/|\/usr\/bin\/(?:systemctl|rm) )/);
			expect(start).not.toContain("sh -c");
		}
	});

	it("give a stick to nobody to write to or start from", () => {
		const rule = readFileSync(join(overlay, "usr/lib/udev/rules.d/80-incamera-stick.rules"), "utf8");
		expect(rule).toMatch(/--options=ro,nosuid,nodev,noexec,/);
		const setup = readFileSync(join(root, "image/root/programs/setup.ts"), "utf8");
		expect(rule).toContain(/sticks: "([^"]+)"/.exec(setup)?.[1]);
	});

	it("reset a device when its agent wishes so, by the file that it is told of, and see to that before anything is opened", () => {
		const at = (name: string): string => readFileSync(join(overlay, "usr/lib/systemd/system", name), "utf8");
		const wish = /^PathExists=(.+)$/m.exec(at("incamera-reset.path"))?.[1];
		expect(readFileSync(join(root, "image/root/programs/setup.ts"), "utf8")).toContain(`reset: "${wish}"`);
		const reset = units.get("incamera-reset.service") ?? "";
		expect(values(reset, "ExecStart")).toEqual([
			`/usr/bin/rm -f ${wish}`,
			"/usr/lib/incamera/data-reset",
			"/usr/bin/systemctl --no-block reboot",
		]);
		expect(values(reset, "DevicePolicy")).toEqual(["closed"]);
		expect(values(reset, "DeviceAllow")).toEqual(["block-* rw"]);
		expect(values(at("systemd-repart.service.d/incamera.conf"), "ExecStart")).toEqual([
			"",
			"/usr/lib/incamera/data-make",
		]);
		expect(values(at("systemd-cryptsetup@data.service.d/incamera.conf"), "After")[0]).toContain(
			"systemd-repart.service",
		);
		expect(readFileSync(join(root, "image/root/finish.sh"), "utf8")).toContain("incamera-reset.path");
	});

	it("give the recovery key no device but the partition and the TPM, no network, and no other place to be", () => {
		const recovery = units.get("incamera-recovery.service") ?? "";
		const [data, tpm] = ["/dev/disk/by-partlabel/data rw", "/dev/tpmrm0 rw"];
		expect(values(recovery, "DevicePolicy")).toEqual(["closed"]);
		expect(values(recovery, "DeviceAllow")).toEqual([data, tpm]);
		expect(values(recovery, "PrivateNetwork")).toEqual(["yes"]);
		expect(values(recovery, "CapabilityBoundingSet")).toEqual([""]);
		expect(values(recovery, "ReadWritePaths")).toEqual(["-/efi"]);
		expect(values(recovery, "LimitCORE")).toEqual(["0"]);
		const program = readFileSync(join(root, "image/root/programs/recovery.ts"), "utf8");
		// what stands by this name is another's only if somebody plugs it in; then the program, which asks elsewhere, may not open its own
		const asked = /"\/usr\/lib\/incamera\/([^"]+)"/.exec(program)?.[1] ?? "";
		expect(existsSync(join(overlay, "usr/lib/incamera", asked))).toBe(true);
		const setup = readFileSync(join(root, "image/root/programs/setup.ts"), "utf8");
		const pinned = /const pinned = "([^"]+)"/.exec(setup)?.[1];
		expect(program).toContain(`const pinned = "${pinned}"`);
		expect(values(recovery, "ConditionFileNotEmpty")).toEqual([pinned]);
		// cryptsetup would put the header back over a reset's mark
		expect(values(units.get("incamera-reset.service") ?? "", "ExecStartPre")).toEqual([
			"/usr/bin/systemctl stop incamera-recovery.service",
		]);
	});

	it("write to a stick where the agent wishes it, and say where it reads it how that goes", () => {
		const at = (name: string): string => readFileSync(join(overlay, "usr/lib/systemd/system", name), "utf8");
		const program = readFileSync(join(root, "image/root/programs/support.ts"), "utf8");
		const setup = readFileSync(join(root, "image/root/programs/setup.ts"), "utf8");
		const [, wish, outcome] = /support: { wish: "(.+)", outcome: "(.+)" }/.exec(setup) ?? [];
		expect(at("incamera-support.path")).toContain(`PathExists=${wish}\n`);
		expect(program).toContain(`"${wish}"`);
		expect(program).toContain(`"${outcome}"`);
		expect(values(at("incamera-support.service"), "RuntimeDirectory")[0]).toBe(outcome?.split("/")[2]);
		// in a view of its own of what is mounted: the stick stays read-only for everybody else
		expect(values(at("incamera-support.service"), "ProtectSystem")).toEqual(["strict"]);
		expect(program).toMatch(/remount,\$\{mode\},nosuid,nodev,noexec/);
		expect(readFileSync(join(root, "image/root/finish.sh"), "utf8")).toContain("incamera-support.path");
	});

	it("start an installer only from its own stick, and nothing of a device with it", () => {
		const at = (name: string): string => readFileSync(join(overlay, "usr/lib/systemd/system", name), "utf8");
		const installer = units.get("incamera-installer.service") ?? "";
		expect(values(installer, "ConditionKernelCommandLine")).toEqual(["incamera.install"]);
		expect(values(installer, "WantedBy")).toEqual([]);
		expect(values(installer, "IPAddressDeny")).toEqual(["any"]);
		expect(values(at("incamera-installer.target"), "Wants")).toEqual([
			"incamera-installer.service incamera-kiosk.service",
		]);
		// neither a data partition on the stick, nor a room beside the installer
		expect(values(at("systemd-repart.service.d/incamera.conf"), "ConditionKernelCommandLine")).toEqual([
			"!incamera.install",
		]);
		expect(values(units.get("incamera-kiosk.service") ?? "", "Wants")).toEqual([]);
		for (const word of ["incamera.install", "systemd.unit=incamera-installer.target", "systemd.volatile=state"])
			expect(stickLoaderConfig()).toContain(word);
		expect(loaderConfig()).not.toContain("incamera.install");
		expect(values(at("run-installer.mount"), "What")).toEqual([
			`/dev/disk/by-partlabel/${Object.keys(stickLayout(1))[0]}`,
		]);
		expect(Object.keys(stickLayout(1)).filter((name) => name in layout())).toEqual([]);
	});

	it("let the browser talk to this machine only", () => {
		const kiosk = units.get("incamera-kiosk.service") ?? "";
		expect(values(kiosk, "IPAddressDeny")).toEqual(["any"]);
		expect(values(kiosk, "IPAddressAllow")).toEqual(["localhost"]);
	});

	it("let the engine draw where the kiosk lets it, and neither give the compositor commands nor ask for the seat", () => {
		const [kiosk = "", room = ""] = ["incamera-kiosk.service", "incamera-room.service"].map((name) => units.get(name));
		const folder = /XDG_RUNTIME_DIR=(\S+)/.exec(kiosk)?.[1];
		expect(values(kiosk, "RuntimeDirectoryMode")).toEqual(["0700"]);
		expect(values(room, "Environment")).toContain(`WAYLAND_DISPLAY=${folder}/tv`);
		const program = readFileSync(join(overlay, "usr/lib/incamera/kiosk"), "utf8");
		expect(program).toContain('ln -sfn "$socket" "$XDG_RUNTIME_DIR/tv"');
		// what is opened to the engine's group: the way to the socket, and the socket
		expect([...program.matchAll(/^ch(?:grp|mod) (.*)$/gm)].map(([, words]) => words)).toEqual([
			'incamera-tv "$XDG_RUNTIME_DIR"',
			'0710 "$XDG_RUNTIME_DIR"',
			'incamera-tv "$XDG_RUNTIME_DIR/$socket"',
			'0770 "$XDG_RUNTIME_DIR/$socket"',
		]);
		expect(values(room, "SupplementaryGroups").join(" ").split(" ")).toContain("incamera-tv");
		expect(values(room, "SupplementaryGroups").join(" ").split(" ")).not.toContain("kiosk");
		expect(units.get("incamera-kiosk.service")).toMatch(/^UMask=0077$/m);
	});

	it("trust whom the set-up file brings in two programs only, both started after it was written", () => {
		const file = "NODE_EXTRA_CA_CERTS=/run/incamera-setup/authorities.pem";
		const trusting = [...units].filter(([, unit]) => unit.includes("NODE_EXTRA_CA_CERTS"));
		expect(trusting.map(([name]) => name).sort()).toEqual(["incamera-agent.service", "incamera-room.service"]);
		for (const [, unit] of trusting) {
			expect(values(unit, "Environment")).toContain(file);
			expect(values(unit, "Requires").join(" ")).toContain("incamera-setup.service");
			expect(values(unit, "After").join(" ")).toContain("incamera-setup.service");
		}
		const setup = readFileSync(join(root, "image/root/programs/setup.ts"), "utf8");
		expect(setup).toContain('const run = "/run/incamera-setup";');
		expect(setup).toContain('join(run, "authorities.pem")');
	});

	it("come back by themselves where they stay", () => {
		for (const name of ["incamera-agent.service", "incamera-room.service", "incamera-kiosk.service"]) {
			expect([name, values(units.get(name) ?? "", "Restart")]).toEqual([name, ["always"]]);
			expect([name, values(units.get(name) ?? "", "StartLimitIntervalSec")]).toEqual([name, ["0"]]);
		}
	});
});

describe("the overlay", () => {
	const text = (path: string): string => readFileSync(join(overlay, path), "utf8");

	it("lets nothing in from the network", () => {
		const rules = text("etc/nftables.conf");
		expect(rules).toContain("hook input priority filter; policy drop;");
		expect(rules).toContain("hook forward priority filter; policy drop;");
		expect(rules).not.toMatch(/dport (?!546)/);
	});

	it("keeps no journal on disk, and writes nothing but /var", () => {
		expect(text("etc/systemd/journald.conf.d/incamera.conf")).toMatch(/^Storage=volatile$/m);
		const mounted = text("etc/fstab")
			.split("\n")
			.filter((line) => line !== "" && !line.startsWith("#"))
			.map((line) => line.split(/\s+/));
		expect(mounted.map(([, place]) => place)).toEqual(["/var", "/efi"]);
		const inMemory = /^Options=(.*)$/m.exec(text("usr/lib/systemd/system/tmp.mount"))?.[1] ?? "";
		for (const options of [...mounted.map(([, , , options = ""]) => options), inMemory]) {
			expect(options.split(",")).toEqual(expect.arrayContaining(["nosuid", "nodev", "noexec"]));
		}
		expect(text("usr/lib/repart.d/50-data.conf")).toMatch(/^Encrypt=tpm2$/m);
	});

	it("has no password and no key of anybody", () => {
		for (const path of ["etc/passwd", "etc/shadow", "etc/ssh", "root", "home"]) {
			expect([path, existsSync(join(overlay, path))]).toEqual([path, false]);
		}
		for (const file of globSync("**/*", { cwd: overlay, withFileTypes: true })) {
			if (!file.isFile()) continue;
			const content = readFileSync(join(file.parentPath, file.name), "utf8");
			expect(content).not.toMatch(/PRIVATE KEY|\$[156y]\$|autologin/);
		}
	});
});

describe("what each start says to the TPM", () => {
	const folder = mkdtempSync(join(tmpdir(), "incamera-tpm-"));
	afterAll(() => rmSync(folder, { recursive: true, force: true }));
	const length = 27;

	/** Says it to a file, in which behind its place there is what a TPM answers with this code. */
	function forgive(code: number) {
		const tpm = join(folder, "tpm");
		const answer = Buffer.from([0x80, 0x01, 0, 0, 0, 10, 0, 0, code >> 8, code & 0xff]);
		writeFileSync(tpm, Buffer.concat([Buffer.alloc(length), answer]));
		const script = readFileSync(join(overlay, "usr/lib/incamera/tpm-forgive"), "utf8").replace("/dev/tpmrm0", tpm);
		const { status, stderr } = spawnSync("sh", ["-c", script], { encoding: "utf8" });
		return { status, stderr, said: readFileSync(tpm).subarray(0, length) };
	}

	it("is one whole command, with an empty password", () => {
		const { status, stderr, said } = forgive(0);
		expect([status, stderr]).toEqual([0, ""]);
		const [TPM_ST_SESSIONS, TPM_CC_DictionaryAttackLockReset, TPM_RH_LOCKOUT, TPM_RS_PW] = [
			0x8002, 0x139, 0x4000_000a, 0x4000_0009,
		];
		expect(said.readUInt16BE(0)).toBe(TPM_ST_SESSIONS);
		expect(said.readUInt32BE(2)).toBe(length);
		expect(said.readUInt32BE(6)).toBe(TPM_CC_DictionaryAttackLockReset);
		expect(said.readUInt32BE(10)).toBe(TPM_RH_LOCKOUT);
		expect(said.readUInt32BE(14)).toBe(length - 18);
		expect(said.readUInt32BE(18)).toBe(TPM_RS_PW);
		expect(said.subarray(22).toString("hex")).toBe("0000000000");
	});

	it("is told of where it does not help", () => {
		const TPM_RC_LOCKOUT = 0x921;
		const { status, stderr } = forgive(TPM_RC_LOCKOUT);
		expect([status, stderr]).toEqual([1, "incamera: the TPM does not forgive power cuts: 00000921\n"]);
	});
});

it("whoever speaks to the TPM may, also once udev has given it to its own account", () => {
	const speaking = [...units].filter(([, unit]) => values(unit, "DeviceAllow").includes("/dev/tpmrm0 rw"));
	expect(speaking.map(([name]) => name).sort()).toEqual(["incamera-recovery.service", "incamera-tpm.service"]);
	for (const [name, unit] of speaking) expect([name, values(unit, "SupplementaryGroups")]).toEqual([name, ["tss"]]);
});
