/**
 * `npm run test:image`: builds the image and starts it in emulated machines, as root. The short form (a quarter of an hour on two cores) is what CI
 * runs; `--all` has also what takes its time, such as an update by the fleet. Other words choose files by their names.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const words = process.argv.slice(2);
const all = words.includes("--all");
const names = words.filter((word) => word !== "--all");
const chosen = names.length > 0 ? names : all ? [] : [".machine.ts"];
const vitest = [join(root, "node_modules/vitest/vitest.mjs"), "run", "--config", "test/image/vitest.config.ts"];
const { status } = spawnSync(process.execPath, [...vitest, ...chosen], { cwd: root, stdio: "inherit" });
process.exitCode = status ?? 1;
