import type { RequestOf } from "../../../../provisioning/contract/http/route.ts";
import type { RouteId, Routes } from "../../../../provisioning/contract/http/routes.ts";
import type { TwinDoc } from "../../../../provisioning/contract/twin.ts";
import { type Db, json } from "../../../../provisioning/service/db/Database.ts";

export const ROOM = "room-berlin-1";
export const UNKNOWN_ID = "00000000-0000-4000-8000-000000000000";

export const twin = (name = "Berlin"): TwinDoc => ({
	room: { name, seats: 8, locale: "de", timeZone: "Europe/Berlin" },
	directory: [{ id: "room-munich-1", name: "München" }],
	rendezvous: null,
	showTitles: false,
	update: { window: { days: ["mon", "tue"], from: "22:00", to: "05:00" } },
});

const spec = { version: "1.2.3", digest: "ab".repeat(32), bytes: 1000, url: "https://fleet.example/b", deadline: null };
const none = { params: undefined, query: undefined, body: undefined };
const ofDevice = { ...none, params: { id: ROOM } };
const ofId = { ...none, params: { id: UNKNOWN_ID } };

/** A request of the right form for each route; whoever adds a route has to add one. */
export const samples: { [Id in RouteId]: RequestOf<Routes[Id]> } = {
	"session.get": none,
	"session.begin": none,
	"session.create": { ...none, body: { challengeId: UNKNOWN_ID, answer: {} } },
	"session.beginConfirming": none,
	"session.confirm": { ...none, body: { challengeId: UNKNOWN_ID, answer: {} } },
	"session.delete": none,
	"registration.begin": { ...none, body: { invitation: "x".repeat(43), name: "Somebody" } },
	"registration.create": { ...none, body: { challengeId: UNKNOWN_ID, answer: {} } },
	"passkeys.list": none,
	"passkeys.begin": none,
	"passkeys.add": { ...none, body: { challengeId: UNKNOWN_ID, answer: {}, name: "Key" } },
	"passkeys.rename": { ...ofId, body: { name: "Key" } },
	"passkeys.remove": ofId,
	"people.list": none,
	"people.invite": { ...none, body: { role: "viewer" } },
	"people.change": { ...ofId, body: { role: "viewer", disabled: false } },
	"tokens.list": none,
	"tokens.create": { ...none, body: { name: "Backup", scopes: ["audit:read"], days: 30 } },
	"tokens.delete": ofId,
	"devices.list": { ...none, query: { q: "ber", limit: "10", show: "online" } },
	"devices.counts": none,
	"devices.get": ofDevice,
	"devices.twin": { ...ofDevice, body: { rev: 1, doc: twin() } },
	"devices.command": { ...ofDevice, body: { op: "identify", args: { number: 7, seconds: 10 } } },
	"devices.commands": ofDevice,
	"devices.revoke": { ...ofDevice, body: { reason: "lost" } },
	"devices.events": { ...ofDevice, query: { limit: "10" } },
	"events.list": { ...none, query: { limit: "10", room: ROOM, type: "trouble", since: "2026-01-01T00:00:00Z" } },
	"enrolments.list": none,
	"enrolments.create": { ...none, body: { room: twin().room } },
	"enrolments.withdraw": ofId,
	"releases.list": none,
	"rollouts.list": none,
	"rollouts.create": { ...none, body: { name: "Spring", spec, devices: [ROOM] } },
	"rollouts.get": ofId,
	"rollouts.devices": { ...ofId, query: { limit: "10" } },
	"rollouts.pause": ofId,
	"rollouts.resume": ofId,
	"rollouts.cancel": ofId,
	"audit.list": { ...none, query: { limit: "10" } },
	"audit.verify": none,
	"live.watch": none,
};

/** Method, path and query of a sample. */
export function pathOf(path: string, { params, query }: { params: unknown; query: unknown }): string {
	const filled = path.replaceAll(/\{(\w+)\}/g, (_, key: string) => (params as Record<string, string>)[key] ?? "");
	const search = new URLSearchParams((query ?? {}) as Record<string, string>).toString();
	return search ? `${filled}?${search}` : filled;
}

/** An active, online room. */
export async function insertRoom(db: Db, id = ROOM, name = "Berlin"): Promise<void> {
	await db
		.insertInto("devices")
		.values({
			id,
			state: "active",
			serial_number: `s-${id}`,
			model: "One",
			firmware: "1.0.0",
			label: name,
			online: true,
		})
		.execute();
	await db
		.insertInto("twins")
		.values({ device_id: id, desired: json(twin(name)), desired_rev: 1 })
		.execute();
}
