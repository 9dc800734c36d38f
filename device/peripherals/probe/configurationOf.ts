import { Document, isMap, isScalar } from "yaml";
import { driverKinds } from "../model/drivers.ts";
import type { Sighting } from "./probePlace.ts";

/** What devices are called where nobody has called them anything yet. */
const names = { camera: "camera", display: "tv", "panel-bus": "sign" } as const;

/** The block of a room's configuration for devices that were found, as YAML; each with what it says it is. */
export function configurationOf(sightings: readonly Sighting[]): string {
	const peripherals: Record<string, Record<string, string | number>> = {};
	const remarks = new Map<string, string>();
	for (const sighting of sightings) {
		const name = freeName(names[driverKinds[sighting.driver]], peripherals);
		peripherals[name] = { driver: sighting.driver, ...connectionOf(sighting), ...sighting.settings };
		const remark = [sighting.model, sighting.note].filter(Boolean).join("; ");
		if (remark) remarks.set(name, oneLine(remark));
	}
	const document = new Document({ peripherals });
	const block = document.get("peripherals");
	for (const { key } of isMap(block) ? block.items : []) {
		const remark = isScalar(key) ? remarks.get(String(key.value)) : undefined;
		if (remark && isScalar(key)) key.commentBefore = ` ${remark}`;
	}
	return document.toString({ lineWidth: 0 });
}

function freeName(name: string, taken: object): string {
	if (!(name in taken)) return name;
	let number = 2;
	while (`${name}-${number}` in taken) number += 1;
	return `${name}-${number}`;
}

function connectionOf({ at, usual }: Sighting): Record<string, string | number> {
	if (at.by === "cec") return { cec: at.path };
	if (at.by === "serial") return { serial: at.path, ...(usual ? {} : { speed: at.baudRate }) };
	const host = at.host.includes(":") ? `[${at.host}]` : at.host;
	return { [at.by]: usual ? host : `${host}:${at.port}` };
}

/** A device says what it likes of itself; in a file it must stay a remark. */
const oneLine = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 120);
