/** Runs when the agent wishes for a support bundle on a stick: collects it, writes it, and says in a file how it goes. */
import { execFile } from "node:child_process";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { isMountPoint } from "../../../device/core/isMountPoint.ts";
import { collectSupport } from "../../../provisioning/cli/support/collectSupport.ts";
import { supportOutcome, supportWish } from "../../../provisioning/contract/supportSaved.ts";
import { saveSupport } from "./saveSupport.ts";

const wished = "/run/incamera/support";
const told = "/run/incamera-support/outcome.json";

const text = readFileSync(wished, "utf8");
// taken away first: a wish that stays would be fulfilled again and again
rmSync(wished);
const { wish } = supportWish.parse(JSON.parse(text));

const state = await saveSupport({
	sticks: "/run/incamera-stick",
	now: Date.now(),
	mounted: isMountPoint,
	collect: (now) => collectSupport({ root: "/", path: "/usr/bin:/usr/sbin", now }),
	// seen by this unit only, which has its own view of what is mounted; for everybody else the stick stays as it was
	remount: async (folder, mode) => {
		await promisify(execFile)("/usr/bin/mount", ["-o", `remount,${mode},nosuid,nodev,noexec`, folder]);
	},
	tell: (outcome) => {
		writeFileSync(`${told}.new`, JSON.stringify(supportOutcome.parse({ wish, ...outcome })), { mode: 0o644 });
		renameSync(`${told}.new`, told);
	},
});
process.stdout.write(`incamera: support bundle ${state}\n`);
