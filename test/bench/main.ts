/**
 * `npm run bench -- <name> [--json] [--quick]`: measures, and says truthfully whether the target was reached. Not part of `npm test`.
 * `--in-call` with `peripherals`: what a storm on the room's lines does to a call.
 * Exit code 0 when everything was measured, whatever the result; 2 for an unknown name; 1 when a bench could not run.
 */
import { type Row, table } from "./report.ts";

type Bench = (options: { quick: boolean; inCall: boolean }) => Promise<Row[]>;
const benches: Record<string, () => Promise<{ bench: Bench }>> = {
	join: () => import("./join.ts"),
	cpu: () => import("./cpu.ts"),
	latency: () => import("./latency.ts"),
	soak: () => import("./soak.ts"),
	recover: () => import("./recover.ts"),
	loss: () => import("./loss.ts"),
	panel: () => import("./panel.ts"),
	fleet: () => import("./fleet.ts"),
	peripherals: () => import("./peripherals.ts"),
	image: () => import("./image.ts"),
};

const args = process.argv.slice(2);
const json = args.includes("--json");
const quick = args.includes("--quick");
const inCall = args.includes("--in-call");
const names = args.filter((arg) => !arg.startsWith("--"));
const unknown = names.filter((name) => !(name in benches));
if (names.length === 0 || unknown.length > 0) {
	console.error(
		`usage: npm run bench -- <name …> [--json] [--quick] [--in-call]\nnames: ${Object.keys(benches).join(" ")}`,
	);
	if (unknown.length) console.error(`unknown: ${unknown.join(" ")}`);
	process.exit(2);
}
for (const name of names) {
	try {
		const { bench } = await (benches[name] as () => Promise<{ bench: Bench }>)();
		const rows = await bench({ quick, inCall });
		console.log(json ? rows.map((row) => JSON.stringify(row)).join("\n") : table(rows));
	} catch (error) {
		console.error(`bench ${name} could not run:`, error);
		process.exitCode = 1;
	}
}
// a bench that leaves a handle open must not hang the terminal
process.exit();
