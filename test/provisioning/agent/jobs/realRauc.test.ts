import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../../../device/core/clock.ts";
import { SystemBus } from "../../../../provisioning/agent/bus/SystemBus.ts";
import { diskFiles } from "../../../../provisioning/agent/identity/StateFiles.ts";
import { Download } from "../../../../provisioning/agent/jobs/download/Download.ts";
import { RaucFirmware } from "../../../../provisioning/agent/jobs/RaucFirmware.ts";
import { Rauc } from "../../../../provisioning/agent/jobs/rauc/Rauc.ts";
import type { FirmwareSpec } from "../../../../provisioning/contract/jobs.ts";
import { PrivateBus } from "../../../sim/dbus/PrivateBus.ts";
import { FileServer } from "../../../sim/network/FileServer.ts";
import { RealRauc } from "../../../sim/rauc/RealRauc.ts";

let bus: PrivateBus;
let rauc: RealRauc;
let server: FileServer;
let boots = 0;

// elsewhere the simulator stands for it, and the emulator has the rest: test/image
describe.skipIf(!RealRauc.isPossible())("firmware by Debian's RAUC", () => {
	beforeEach(async () => {
		bus = await PrivateBus.start();
		rauc = await RealRauc.make(bus);
		server = await FileServer.start();
		await writeFile(rauc.at("os-release"), "IMAGE_VERSION=1.0.0\n");
		await writeFile(rauc.at("boot_id"), "boot-0\n");
		await expect
			.poll(() =>
				firmware()
					.booted()
					.catch((error: { code: string }) => error.code),
			)
			.toMatchObject({ slot: "A" });
	});
	afterEach(async () => {
		await server.stop();
		await rauc.remove();
		await bus.stop();
	});

	const firmware = (): RaucFirmware =>
		new RaucFirmware({
			rauc: new Rauc(new SystemBus({ address: bus.address })),
			download: new Download({ folder: rauc.at("update"), clock: systemClock, rate: () => 1e9 }),
			paths: {
				osRelease: rauc.at("os-release"),
				bootId: rauc.at("boot_id"),
				commandLine: rauc.at("cmdline"),
				pstore: rauc.at("pstore"),
				healthFailure: rauc.at("failure"),
				restart: rauc.at("restart"),
			},
			statePath: rauc.at("firmware.json"),
			files: diskFiles,
			clock: systemClock,
		});
	const silent = { signal: new AbortController().signal, progress: () => {} };

	async function publish(of: Parameters<RealRauc["bundle"]>[0]): Promise<FirmwareSpec> {
		const bytes = await rauc.bundle(of);
		server.put(bytes);
		const digest = createHash("sha256").update(bytes).digest("hex");
		return { version: of.version, url: server.url(), bytes: bytes.byteLength, digest, deadline: null };
	}
	/** RAUC's service is there again. */
	async function started(version: string): Promise<void> {
		await writeFile(rauc.at("os-release"), `IMAGE_VERSION=${version}\n`);
		await writeFile(rauc.at("boot_id"), `boot-${++boots}\n`);
		await expect
			.poll(() =>
				firmware()
					.started()
					.then(
						() => true,
						() => false,
					),
			)
			.toBe(true);
	}

	test("is written into the other slot, started by the next start, proved, and stays", async () => {
		const spec = await publish({ version: "2.0.0" });
		await firmware().download(spec, silent);
		const seen: number[] = [];
		await firmware().install(spec, { progress: (pct) => void seen.push(pct) });
		expect(await rauc.content("rootfs-b", 12)).toBe("rootfs 2.0.0");
		expect(await rauc.content("boot-b", 10)).toBe("boot 2.0.0");
		expect(await rauc.content("rootfs-a", 8)).toBe("rootfs-a");
		expect(await rauc.environment()).toMatchObject({ ORDER: "A B", B_OK: "0" });
		await firmware().reboot();
		await rauc.boot();
		await started("2.0.0");
		expect(await firmware().booted()).toMatchObject({ version: "2.0.0", slot: "B", digest: spec.digest });
		expect(await rauc.environment()).toMatchObject({ ORDER: "B A", B_OK: "1", B_TRY: "1" });
		await firmware().markGood();
		expect(await rauc.environment()).toMatchObject({ B_OK: "1", B_TRY: "0" });
	});

	test("that never starts is left after three tries, and one that fails its probation at once", async () => {
		for (const version of ["2.0.0", "2.0.1"]) {
			const spec = await publish({ version });
			await firmware().download(spec, silent);
			await firmware().install(spec, silent);
			await firmware().reboot();
			await rauc.boot((slot) => version !== "2.0.0" || slot === "A");
			if (version === "2.0.1") {
				await started(version);
				expect(rauc.booted).toBe("B");
				await firmware().fallBack();
				await rauc.boot();
			}
			await started("1.0.0");
			expect(await firmware().booted()).toMatchObject({ slot: "A", version: "1.0.0" });
			expect(await rauc.environment()).toMatchObject({ ORDER: "A B", A_OK: "1", A_TRY: "0", B_OK: "0" });
		}
	});

	test.each([
		["of a stranger", { version: "2.0.0", signer: "stranger" }, "update.bundle_refused"],
		["whose signer has expired", { version: "2.0.0", signer: "expired" }, "update.bundle_refused"],
		["for another machine", { version: "2.0.0", compatible: "toaster" }, "update.incompatible"],
	])("%s is refused, and nothing is written", async (_what, of, code) => {
		const spec = await publish(of);
		await expect(firmware().download(spec, silent)).rejects.toMatchObject({ code });
		expect(await rauc.content("rootfs-b", 8)).toBe("rootfs-b");
	});

	test("whose bits were changed before it was published is refused by its signature", async () => {
		const bytes = await rauc.bundle({ version: "2.0.0" });
		bytes[100] = (bytes[100] as number) ^ 1;
		server.put(bytes);
		const digest = createHash("sha256").update(bytes).digest("hex");
		const spec = { version: "2.0.0", url: server.url(), bytes: bytes.byteLength, digest, deadline: null };
		await expect(firmware().download(spec, silent)).rejects.toMatchObject({ code: "update.bundle_refused" });
	});
});
