import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ManualClock } from "../../device/core/clock.ts";
import { Program } from "../../tools/building/Program.ts";

async function agent(clock: ManualClock): Promise<Program> {
	const folder = await mkdtemp(join(tmpdir(), "incamera-program-"));
	onTestFinished(() => rm(folder, { recursive: true, force: true }));
	const config = join(folder, "agent.yaml");
	return new Program({ entry: "provisioning/agent/main.ts", config, folder, log: "quiet", onGone: () => {}, clock });
}

test("a program that never says that it is ready is ended", async () => {
	const clock = new ManualClock();
	const program = await agent(clock);
	const outcome = expect(program.start()).rejects.toMatchObject({ code: "start.program_silent" });
	const { pid } = program;
	process.kill(pid, "SIGSTOP");
	clock.advance(60_000);
	await outcome;
	// resolves when it has ended, which a program that stands still does by no other signal
	await program.stop();
	expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
});

test("a program that is told to end before it began doesn't begin", async () => {
	const program = await agent(new ManualClock());
	await program.stop();
	await expect(program.start()).rejects.toMatchObject({ code: "start.stopped" });
	expect(program.pid).toBe(-1);
});
