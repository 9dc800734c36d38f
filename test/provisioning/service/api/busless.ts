import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../../../../device/core/clock.ts";
import type { FleetDuties } from "../../../../provisioning/service/api/FleetDuties.ts";
import { Commands } from "../../../../provisioning/service/commands/Commands.ts";
import type { Db } from "../../../../provisioning/service/db/Database.ts";
import { ServiceKey } from "../../../../provisioning/service/db/ServiceKey.ts";
import { Enrolments } from "../../../../provisioning/service/enrolment/Enrolments.ts";
import { Registry } from "../../../../provisioning/service/registry/Registry.ts";
import { Rollouts } from "../../../../provisioning/service/rollouts/Rollouts.ts";
import { Twins } from "../../../../provisioning/service/twins/Twins.ts";

/** The fleet's duties as a worker has them, without its bus: what would be published stays in the table `outbound`. */
export async function busless(db: Db, clock: Clock): Promise<FleetDuties> {
	const folder = await mkdtemp(join(tmpdir(), "incamera-key-"));
	const key = await ServiceKey.open(folder);
	await rm(folder, { recursive: true });
	const registry = new Registry({ db, clock });
	return {
		registry,
		twins: new Twins({ db, clock }),
		commands: new Commands({ db, clock, registry }),
		enrolments: new Enrolments({ db, key, clock }),
		rollouts: new Rollouts({ db, clock }),
	};
}
