import type { Clock } from "../../../../device/core/clock.ts";
import type { Enrolment } from "../../../contract/http/shapes.ts";
import type { Db } from "../../db/Database.ts";
import { describeEnrolment } from "../../enrolment/Enrolments.ts";
import type { FleetDuties } from "../FleetDuties.ts";
import { notFound } from "../failures.ts";
import type { HandlersOf } from "../Handlers.ts";
import { isUuid } from "../signIn/secrets.ts";

export function enrolmentHandlers(options: {
	db: Db;
	clock: Clock;
	enrolments: FleetDuties["enrolments"];
}): HandlersOf<"enrolments"> {
	const { db, clock, enrolments } = options;
	return {
		"enrolments.list": async () => ({ items: await list(db, clock.now()), next: null }),
		"enrolments.create": async ({ body, actor }) => {
			const { code, record } = await enrolments.create({ room: body.room, by: actor });
			return { code, about: record };
		},
		"enrolments.withdraw": async ({ params, actor }) => {
			if (!isUuid(params.id)) throw notFound("code");
			await enrolments.withdraw(params.id, actor);
		},
	};
}

/** The newest first; who looks for an older one looks for what can't be used any longer. */
async function list(db: Db, nowMs: number): Promise<Enrolment[]> {
	const rows = await db.selectFrom("enrolment_codes").selectAll().orderBy("created_at", "desc").limit(1000).execute();
	return rows.map((row) => describeEnrolment(row, nowMs));
}
