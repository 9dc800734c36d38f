import { access, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ManualClock } from "../../../device/core/clock.ts";
import { Daemon } from "../../../provisioning/service/child/Daemon.ts";
import { unprivileged } from "../../../provisioning/service/child/unprivileged.ts";

const alive = async (pid: number): Promise<boolean> => {
	const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "State:\tZ");
	return !/^State:\s+Z/m.test(status);
};
const options = { name: "thing", account: null, ready: async () => true } as const;

test("says when the program is not there, ends at once, or never answers", async () => {
	await expect(
		new Daemon({ ...options, command: "/nonexistent", args: [], ready: async () => false }).start(),
	).rejects.toMatchObject({
		code: "thing.not_installed",
	});
	await expect(
		new Daemon({ ...options, command: "sh", args: ["-c", "exit 3"], ready: async () => false }).start(),
	).rejects.toMatchObject({ code: "thing.start_failed", context: { code: 3 } });
	const deaf = new Daemon({ ...options, command: "sleep", args: ["1000"], ready: async () => false, readyMs: 50 });
	await expect(deaf.start()).rejects.toMatchObject({ code: "thing.not_ready" });
	expect(deaf.pid).toBeNull();
});

test("starts a program again that dies, after a pause, until it is stopped", async () => {
	const clock = new ManualClock();
	const daemon = new Daemon({ ...options, command: "sleep", args: ["1000"], clock });
	await daemon.start();
	const pids = [daemon.pid as number];
	for (let life = 0; life < 3; life++) {
		process.kill(pids.at(-1) as number, "SIGKILL");
		await expect.poll(() => daemon.pid).toBeNull();
		clock.advance(10_000);
		await expect.poll(() => daemon.pid).not.toBeNull();
		// Only a program that was ready is watched for its end.
		pids.push(daemon.pid as number);
		await expect.poll(() => alive(pids.at(-1) as number)).toBe(true);
		await new Promise((resolve) => setImmediate(resolve));
	}
	expect(new Set(pids).size).toBe(4);
	await daemon.stop();
	expect(daemon.pid).toBeNull();
	await expect.poll(() => alive(pids.at(-1) as number)).toBe(false);
	clock.advance(60_000);
	expect(daemon.pid).toBeNull();
});

test("a program that ignores SIGTERM is killed", async () => {
	const folder = await mkdtemp(join(tmpdir(), "incamera-daemon-test-"));
	const clock = new ManualClock();
	const daemon = new Daemon({
		...options,
		command: "sh",
		args: ["-c", `trap "" TERM; touch ${folder}/ready; while :; do sleep 0.05; done`],
		ready: () =>
			access(join(folder, "ready")).then(
				() => true,
				() => false,
			),
		clock,
	});
	await daemon.start();
	const pid = daemon.pid as number;
	const stopped = daemon.stop();
	expect(await alive(pid)).toBe(true);
	clock.advance(5000);
	await stopped;
	await expect.poll(() => alive(pid)).toBe(false);
	await rm(folder, { recursive: true });
});

test("a program runs as we do, or as its own account if we are root", async () => {
	expect(await unprivileged("mosquitto", 1000)).toBeNull();
	const account = await unprivileged("mosquitto", 0);
	expect(account?.uid).toBeGreaterThan(0);
	const nobody = await unprivileged("no-such-account", 0);
	expect(nobody?.uid).toBe(65_534);
});
