import { fork } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Option } from "commander";
import { RoomError } from "../../../device/core/RoomError.ts";
import type { Fleet, Group } from "../FleetCommand.ts";

const program = fileURLToPath(new URL("../../../test/sim/fleet/simulateFleet.ts", import.meta.url));
type Said = { enrolled: number } | { online: number } | { failed: { code: string; message: string } };

/** Trying a fleet service out with devices that are not there. */
export const simulate: Group = (fleet, run) => {
	fleet
		.command("simulate")
		.summary("enrol and run simulated devices")
		.description(
			`For trying a service out before a roll-out, on a fleet of its own: makes a code for each simulated device, enrols it, and keeps all connected until Ctrl-C.
They take settings, answer commands and walk through updates. Enrolling takes about a tenth of a second each. Scope: enrol.`,
		)
		.addOption(new Option("--devices <n>", "how many").default("20"))
		.requiredOption("--bootstrap <address>", "the bootstrap listener, mqtts://broker.example.org:8884")
		.action(({ devices, bootstrap }: { devices: string; bootstrap: string }) =>
			run(async (connected) => {
				const count = Number(devices);
				if (!Number.isInteger(count) || count < 1 || count > 20_000) {
					throw new RoomError("cli.usage", "--devices must be a whole number from 1 to 20000");
				}
				if (!existsSync(program))
					throw new RoomError(
						"simulate.not_here",
						"the simulator is part of the source tree, and not of this installation",
					);
				const codes: string[] = [];
				for (let i = 1; i <= count; i++) {
					const room = { name: `Simulated ${i}`, locale: "en" as const, timeZone: "Europe/Berlin" };
					codes.push((await connected.call("enrolments.create", { body: { room } })).code);
					progress(connected, `codes made ${i} of ${count}`);
				}
				await follow(connected, { bootstrap, codes });
			}),
		);
};

const progress = ({ io }: Fleet, text: string): void => {
	if (io.terminal) io.err(`\r\u001b[2K${text}`);
};

/** Runs the simulator until Ctrl-C. Error: what it says of itself. */
function follow(fleet: Fleet, order: { bootstrap: string; codes: string[] }): Promise<void> {
	const { io } = fleet;
	return new Promise((resolve, reject) => {
		// a group of its own: the terminal's Ctrl-C reaches it through us, in order
		const child = fork(program, [], { stdio: ["ignore", "ignore", "inherit", "ipc"], detached: true });
		child.send(order);
		child.on("message", (said: Said) => {
			if ("enrolled" in said) progress(fleet, `enrolled ${said.enrolled} of ${order.codes.length}`);
			else if ("online" in said) progress(fleet, `online ${said.online} of ${order.codes.length} (Ctrl-C ends)`);
			else reject(new RoomError(said.failed.code, said.failed.message));
		});
		child.on("exit", () => resolve());
		const end = () => child.connected && child.disconnect();
		io.signal.addEventListener("abort", end, { once: true });
		if (io.signal.aborted) end();
	});
}
