import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import * as z from "zod/mini";
import { doctorCheck } from "../../provisioning/contract/commands.ts";
import type { IdentityFiles } from "../doctor/CertificateCheck.ts";
import type { ConfiguredPort } from "../doctor/SerialPortCheck.ts";
import type { Claimed } from "./ClaimedRoom.ts";

/** All checks together; each has its own limit. */
const DEADLINE_MS = 60_000;

const examined = z.object({
	id: z.string(),
	status: z.enum(["ok", "care", "failed"]),
	code: z.nullable(z.string()),
	advice: z.nullable(z.string()),
});
const findings = z.array(examined).check(z.maxLength(60));
export type DoctorCheck = z.infer<typeof doctorCheck>;

/** What the child is asked to look at. */
export interface DoctorQuestion {
	identity: IdentityFiles | null;
	/** Origin; null: none is known. */
	rendezvous: string | null;
	serialPorts: ConfiguredPort[];
}

/**
 * The doctor's checks in a process of their own: they load GStreamer, which never lives in the room program. What was found stays here;
 * the fleet gets names of checks, statuses, codes and advice.
 */
export async function runDoctor(
	claim: Claimed | null,
	serialPorts: ConfiguredPort[],
	deadlineMs = DEADLINE_MS,
): Promise<{ status: 200; checks: DoctorCheck[] } | { status: 500; code: string }> {
	const child = fork(join(import.meta.dirname, "doctorMain.ts"), [], { stdio: ["ignore", "ignore", "ignore", "ipc"] });
	const timer = setTimeout(() => child.kill("SIGKILL"), deadlineMs);
	try {
		const question: DoctorQuestion = {
			identity: claim && { key: claim.identity.key, certificate: claim.identity.certificate, ca: claim.identity.ca },
			rendezvous: claim?.rendezvous ?? null,
			serialPorts,
		};
		child.send(question);
		const gone = once(child, "exit").then(() => null);
		const answer = await Promise.race([once(child, "message").then(([message]) => findings.safeParse(message)), gone]);
		if (!answer?.success) return { status: 500, code: "doctor.failed" };
		return { status: 200, checks: answer.data.map(redacted) };
	} catch {
		return { status: 500, code: "doctor.failed" };
	} finally {
		clearTimeout(timer);
		child.kill("SIGKILL");
	}
}

function redacted({ id, status, code, advice }: z.infer<typeof examined>): DoctorCheck {
	return doctorCheck.parse({
		name: id.slice(0, 80),
		status: status === "care" ? "warning" : status,
		code: code?.slice(0, 80) ?? null,
		advice: advice?.slice(0, 400) ?? null,
	});
}
