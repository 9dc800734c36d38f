import type { CommandRecord, Device } from "../../../contract/http/shapes.ts";
import { reportedDoc } from "../../../contract/twin.ts";
import type { Db } from "../../db/Database.ts";
import type { Row } from "../../db/Schema.ts";
import type { FleetDuties } from "../FleetDuties.ts";
import { notFound } from "../failures.ts";
import type { HandlersOf } from "../Handlers.ts";
import { limitOf, nameCursor, readNameCursor } from "../pages.ts";
import { countDevices, listDevices, summariesOf } from "./deviceSummaries.ts";
import { pageOfEvents } from "./events.ts";
import { roomExists } from "./roomExists.ts";

export interface DeviceHandlersOptions {
	db: Db;
	duties: Pick<FleetDuties, "twins" | "commands" | "registry">;
}

const COMMANDS = 50;
const CERTIFICATES = 20;

export function deviceHandlers({ db, duties }: DeviceHandlersOptions): HandlersOf<"devices"> {
	const { twins, commands, registry } = duties;
	return {
		"devices.list": async ({ query }) => {
			const limit = limitOf(query.limit);
			const { q, state, show } = query;
			const items = await listDevices(db, { q, state, show, after: readNameCursor(query.after), limit });
			const last = items.length === limit ? items.at(-1) : undefined;
			return { items, next: last ? nameCursor(last) : null };
		},
		"devices.counts": () => countDevices(db),
		"devices.get": ({ params }) => getDevice(db, params.id),
		"devices.twin": async ({ params, body, actor }) => {
			await twins.setDesired(params.id, body.rev, body.doc, actor);
			return getDevice(db, params.id);
		},
		"devices.command": async ({ params, body, actor }) => {
			const { mid } = await commands.send(params.id, body, actor);
			const row = await db.selectFrom("commands").selectAll().where("mid", "=", mid).executeTakeFirstOrThrow();
			return commandRecord(row);
		},
		"devices.commands": async ({ params }) => {
			await roomExists(db, params.id);
			const rows = await db
				.selectFrom("commands")
				.selectAll()
				.where("device_id", "=", params.id)
				.orderBy("created_at", "desc")
				.limit(COMMANDS)
				.execute();
			return { items: rows.map(commandRecord), next: null };
		},
		"devices.revoke": async ({ params, body, actor }) => {
			await registry.revoke(params.id, body.reason, actor);
			return getDevice(db, params.id);
		},
		"devices.events": async ({ params, query }) => {
			await roomExists(db, params.id);
			return pageOfEvents(db, { room: params.id }, query);
		},
	};
}

async function getDevice(db: Db, id: string): Promise<Device> {
	const [summary] = await summariesOf(db, [id]);
	const row = await db
		.selectFrom("devices")
		.innerJoin("twins", "twins.device_id", "devices.id")
		.selectAll("twins")
		.select(["model", "serial_number", "firmware", "slot", "activated_at"])
		.where("devices.id", "=", id)
		.executeTakeFirst();
	if (!summary || !row) throw notFound("room");
	const certificates = await db
		.selectFrom("certificates")
		.select(["serial", "not_before", "not_after", "state"])
		.where("device_id", "=", id)
		.orderBy("created_at", "desc")
		.limit(CERTIFICATES)
		.execute();
	return {
		...summary,
		facts: { model: row.model, serial: row.serial_number, firmware: row.firmware, slot: row.slot },
		enrolledAt: row.activated_at?.toISOString() ?? null,
		certificates: certificates.map((certificate) => ({
			serial: certificate.serial,
			notBefore: certificate.not_before.toISOString(),
			notAfter: certificate.not_after.toISOString(),
			state: certificate.state,
		})),
		desired: { rev: row.desired_rev, doc: row.desired, at: row.desired_at.toISOString() },
		reported: row.reported_at && {
			rev: row.reported_rev,
			appliedRev: row.applied_rev,
			doc: reportedDoc.safeParse(row.reported).data ?? null,
			errors: row.errors,
			at: row.reported_at.toISOString(),
		},
	};
}

const commandRecord = (row: Row<"commands">): CommandRecord => ({
	mid: row.mid,
	device: row.device_id,
	op: row.op,
	at: row.created_at.toISOString(),
	state: row.state,
	response: row.response,
});
