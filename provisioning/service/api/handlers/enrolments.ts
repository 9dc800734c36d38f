import type { Enrolment } from "../../../contract/http/shapes.ts";
import type { Db } from "../../db/Database.ts";
import type { FleetDuties } from "../FleetDuties.ts";
import { notFound } from "../failures.ts";
import type { HandlersOf } from "../Handlers.ts";
import { isUuid } from "../signIn/secrets.ts";

const TRIES = 5;

export function enrolmentHandlers(options: {
	db: Db;
	enrolments: FleetDuties["enrolments"];
}): HandlersOf<"enrolments"> {
	const { db, enrolments } = options;
	return {
		"enrolments.list": async () => ({ items: await list(db), next: null }),
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

async function list(db: Db): Promise<Enrolment[]> {
	const rows = await db
		.selectFrom("enrolment_codes")
		.select(["id", "lookup", "state", "tries_left", "room", "device_id", "created_at", "expires_at"])
		.orderBy("created_at", "desc")
		.limit(1000)
		.execute();
	return rows.map((row) => ({
		id: row.id,
		lookup: row.lookup,
		roomName: row.room.name,
		createdAt: row.created_at.toISOString(),
		expiresAt: row.expires_at.toISOString(),
		tries: TRIES - row.tries_left,
		// A certificate was issued and the device has not come with it yet: nobody else can use the code.
		state: row.state === "issued" ? "open" : row.state,
		device: row.device_id,
	}));
}
