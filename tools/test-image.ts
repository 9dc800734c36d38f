/**
 * `npm run test:image`: builds the image and starts it in emulated machines, as root. The short form (a quarter of an hour on two cores) is what CI
 * runs; `--all` has also what takes its time, such as an update by the fleet. Other words choose files by their names. The last line counts, as
 * that of `npm test`.
 */
import { conclude, runVitest } from "./runVitest.ts";

const words = process.argv.slice(2);
const all = words.includes("--all");
const names = words.filter((word) => word !== "--all");
const chosen = names.length > 0 ? names : all ? [] : [".machine.ts"];
conclude([await runVitest("of the image", ["--config", "test/image/vitest.config.ts", ...chosen])]);
