import type { CameraPosition } from "../model/PtzCamera.ts";
import type { ViscaVersion } from "./viscaInquiry.ts";

/** The ends of what a camera can do, in its own steps. */
export interface ViscaRange {
	readonly left: number;
	readonly right: number;
	readonly down: number;
	readonly up: number;
	readonly wide: number;
	readonly tele: number;
}

/** VISCA has no question for the ends. These are a camera's that turns by 170° to each side: EVI-D70 Technical Manual p. 51. */
export const usualRange: ViscaRange = { left: -0x8db, right: 0x8db, down: -0x190, up: 0x4b0, wide: 0, tele: 0x4000 };

interface ViscaModel {
	readonly name: string;
	readonly range?: Partial<ViscaRange>;
}

/** By vendor and model as a camera says them, of manuals that print the number. */
const models: Readonly<Record<string, ViscaModel>> = {
	// BRC-H700 Command List p. 12: its steps count to the left
	"0001:0501": { name: "Sony BRC-H700", range: { left: 0x8a58, right: -0x8a58, down: -0x186a, up: 0x493d } },
	// BRC-Z700 Command List p. 6
	"0001:0505": { name: "Sony BRC-Z700" },
	// EVI-D80/D90 Technical Manual p. 33
	"0001:050c": { name: "Sony EVI-D80" },
	"0001:050d": { name: "Sony EVI-D90" },
	// SRG-300SE Technical Manual p. 20
	"0001:0516": { name: "Sony SRG-300SE" },
};

const hex = (value: number): string => value.toString(16).padStart(4, "0");

function modelOf(version: ViscaVersion): ViscaModel | null {
	return models[`${hex(version.vendor)}:${hex(version.model)}`] ?? null;
}

/** What stands on the panel's service page. */
export function modelName(version: ViscaVersion | null): string {
	if (!version) return "VISCA";
	const name = modelOf(version)?.name ?? `VISCA ${hex(version.vendor)}:${hex(version.model)}`;
	return `${name}, ROM ${hex(version.rom)}`;
}

export function modelRange(version: ViscaVersion | null): ViscaRange {
	return { ...usualRange, ...(version && modelOf(version)?.range) };
}

/** The camera's steps, as far as it has them, for a place in -1 to 1 (zoom 0 to 1). */
export function stepsOf(position: CameraPosition, range: ViscaRange): CameraPosition {
	return {
		pan: between(range.left, range.right, (clamp(position.pan, -1) + 1) / 2),
		tilt: between(range.down, range.up, (clamp(position.tilt, -1) + 1) / 2),
		zoom: between(range.wide, range.tele, clamp(position.zoom, 0)),
	};
}

/** The other way round; a camera that goes beyond its range is at its end. */
export function placeOf(steps: CameraPosition, range: ViscaRange): CameraPosition {
	return {
		pan: clamp(share(range.left, range.right, steps.pan) * 2 - 1, -1),
		tilt: clamp(share(range.down, range.up, steps.tilt) * 2 - 1, -1),
		zoom: clamp(share(range.wide, range.tele, steps.zoom), 0),
	};
}

const clamp = (value: number, least: -1 | 0): number => Math.min(1, Math.max(least, value));
const between = (from: number, to: number, part: number): number => Math.round(from + (to - from) * part);
const share = (from: number, to: number, value: number): number => (value - from) / (to - from);
