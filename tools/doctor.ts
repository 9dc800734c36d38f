/**
 * `npm run doctor [-- --json] [-- --config room.yaml --rendezvous https://meet.example.org --identity /folder]`: what is missing on this machine,
 * each with advice. What a device got from its fleet (certificate, rendezvous) the fleet's own `doctor` command looks at; by hand it is named here.
 * Exit code 0 when nothing failed (care is not failure), 1 when something did, 2 for wrong arguments.
 */
import { join } from "node:path";
import { type ParseArgsConfig, parseArgs } from "node:util";
import { loadRoomConfig } from "../device/config/loadRoomConfig.ts";
import { systemClock } from "../device/core/clock.ts";
import { RoomError } from "../device/core/RoomError.ts";
import { stunAnswers } from "../device/core/stunAnswers.ts";
import { CertificateCheck } from "../device/doctor/CertificateCheck.ts";
import type { Check } from "../device/doctor/Check.ts";
import { CodecsCheck } from "../device/doctor/CodecsCheck.ts";
import { DevicesCheck } from "../device/doctor/DevicesCheck.ts";
import { ElementsCheck } from "../device/doctor/ElementsCheck.ts";
import { PortCheck } from "../device/doctor/PortCheck.ts";
import { runChecks } from "../device/doctor/runChecks.ts";
import { SerialPortCheck } from "../device/doctor/SerialPortCheck.ts";
import { TurnCheck } from "../device/doctor/TurnCheck.ts";
import { iceServersOf } from "../device/program/iceServersOf.ts";
import { serialPortsOf } from "../device/program/serialPortsOf.ts";

const { values } = read({
	options: {
		json: { type: "boolean", default: false },
		config: { type: "string" },
		rendezvous: { type: "string" },
		identity: { type: "string" },
		help: { type: "boolean" },
	},
});
if (values.help) {
	console.log(
		"npm run doctor [-- --json] [-- --config room.yaml] [-- --rendezvous https://…] [-- --identity folder]\n" +
			"Without --config it examines what `npm start` would use. The folder has key.pem, certificate.pem and ca.pem.",
	);
	process.exit(0);
}

const base = Number(process.env["INCAMERA_PORT_BASE"] ?? 8080);
const checks: Check[] = [new ElementsCheck(), new CodecsCheck(), new DevicesCheck()];
if (values.config) {
	try {
		const { panel, peripherals } = await loadRoomConfig(values.config);
		checks.push(new PortCheck("panel", panel.port, panel.host));
		for (const port of serialPortsOf(peripherals, null)) checks.push(new SerialPortCheck(port));
	} catch (thrown) {
		const { code, message } = RoomError.from(thrown, "config.unreadable");
		console.error(`${code}: ${message}`);
		process.exit(2);
	}
} else {
	checks.push(new PortCheck("fleet service", base));
	checks.push(new PortCheck("panel of Berlin", base + 1));
	checks.push(new PortCheck("panel of München", base + 2));
	checks.push(new PortCheck("panel of the new device", base + 3));
	checks.push(new PortCheck("desk of Berlin", base + 4));
}
if (values.identity) {
	const file = (name: string) => join(values.identity as string, `${name}.pem`);
	const identity = { key: file("key"), certificate: file("certificate"), ca: file("ca") };
	checks.push(new CertificateCheck(identity, systemClock));
}
const rendezvous = values.rendezvous ?? (values.config ? null : `http://127.0.0.1:${base}`);
if (rendezvous) checks.push(new TurnCheck((signal) => iceServersOf(rendezvous, signal), stunAnswers));

let worst = 0;
// a reader that went away (`… | head`) is no failure
process.stdout.on("error", () => process.exit(worst));
const signs = { ok: "✓", care: "!", failed: "✗" };

for await (const result of runChecks(checks)) {
	if (result.status === "failed") worst = 1;
	if (values.json) console.log(JSON.stringify(result));
	else {
		console.log(`${signs[result.status]} ${result.title}: ${result.found}`);
		if (result.advice) console.log(`    ${result.code}: ${result.advice}`);
	}
}
process.exit(worst);

function read<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
	try {
		return parseArgs(config);
	} catch (thrown) {
		console.error(`doctor.arguments: ${(thrown as Error).message}`);
		process.exit(2);
	}
}
