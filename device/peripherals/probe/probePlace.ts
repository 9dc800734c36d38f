import type { Clock } from "../../core/clock.ts";
import { RoomError } from "../../core/RoomError.ts";
import type { LinkFailure, LinkState } from "../link/FrameLink.ts";
import type { LineLink } from "../link/LineLink.ts";
import { type LinkAddress, openLink } from "../link/openLink.ts";
import type { DriverName } from "../model/drivers.ts";
import type { PeripheralFailure } from "../model/Peripheral.ts";
import type { Found, Probe } from "./Probe.ts";

/** A device, and how it was reached. */
export interface Sighting extends Found {
	readonly driver: DriverName;
	readonly at: LinkAddress | { readonly by: "cec"; readonly path: string };
	/** Whether the speed or port is the one that a configuration need not name. */
	readonly usual: boolean;
}

/** What came of asking at a serial port, or at a host. */
export interface PlaceReport {
	/** The port's path, or the host. */
	readonly place: string;
	/** `silent`: open, and nobody answered. Otherwise why it could not be asked. */
	readonly state: "found" | "silent" | PeripheralFailure;
	readonly sightings: readonly Sighting[];
}

export interface ProbeOptions {
	probes: readonly Probe[];
	clock: Clock;
	/** Ends it after what is under way. */
	signal: AbortSignal;
	/** Is told before each question. */
	asking?: (driver: DriverName, at: LinkAddress) => void;
}

/** One try: a protocol at an address. */
interface Try {
	readonly probe: Probe;
	readonly at: LinkAddress;
	readonly usual: boolean;
}

/** Asks at a serial port, in each protocol at each of its speeds, the likeliest first, until somebody answers. */
export async function probePort(path: string, options: ProbeOptions): Promise<PlaceReport> {
	for (const next of triesAtPort(path, options.probes)) {
		if (options.signal.aborted) break;
		const tried = await attempt(next, options);
		// a port that can't be opened won't be opened at another speed either
		if (typeof tried === "string") return { place: path, state: tried, sightings: [] };
		if (tried.length > 0) return { place: path, state: "found", sightings: tried };
	}
	return { place: path, state: "silent", sightings: [] };
}

/** Asks at a host in the network, in each protocol at its port. */
export async function probeHost(host: string, options: ProbeOptions): Promise<PlaceReport> {
	const tries = options.probes.flatMap((probe) =>
		probe.ways.flatMap((way): Try[] =>
			way.by === "serial" ? [] : [{ probe, at: { by: way.by, host, port: way.port }, usual: true }],
		),
	);
	const tried = await Promise.all(tries.map((next) => attempt(next, options)));
	const sightings = tried.flatMap((result) => (typeof result === "string" ? [] : result));
	if (sightings.length > 0) return { place: host, state: "found", sightings };
	const absent = tried.every((result) => result === "link.absent");
	const reached = tried.some((result, i) => typeof result !== "string" && tries[i]?.at.by === "tcp");
	return { place: host, state: absent ? "link.absent" : reached ? "silent" : "link.unreachable", sightings: [] };
}

/** The first speed of each protocol, then the second of each, … */
function triesAtPort(path: string, probes: readonly Probe[]): Try[] {
	const speeds = probes.map((probe) => probe.ways.find((way) => way.by === "serial")?.speeds ?? []);
	const most = Math.max(...speeds.map((all) => all.length));
	return Array.from({ length: most }, (_, round) =>
		probes.flatMap((probe, i): Try[] => {
			const baudRate = speeds[i]?.[round];
			return baudRate === undefined ? [] : [{ probe, at: { by: "serial", path, baudRate }, usual: round === 0 }];
		}),
	).flat();
}

async function attempt({ probe, at, usual }: Try, options: ProbeOptions): Promise<Sighting[] | LinkFailure> {
	options.asking?.(probe.driver, at);
	const link = openLink(at, { splitter: () => probe.splitter(at.by), clock: options.clock });
	try {
		const { name, failure } = await settled(link);
		if (name !== "up") return failure ?? "link.lost";
		const found = await probe.ask(link, at.by, options.clock);
		return found.map((device) => ({ ...device, driver: probe.driver, at, usual }));
	} catch (error) {
		// It hung up on a question that it did not understand, or its plug was pulled.
		if (error instanceof RoomError && error.code === "link.lost") return [];
		throw error;
	} finally {
		await link.close();
	}
}

/** What came of a link's first attempt to open. */
function settled(link: LineLink): Promise<LinkState> {
	return new Promise((resolve) => {
		const unlisten = link.onState((state) => {
			if (state.name === "opening") return;
			unlisten();
			resolve(state);
		});
	});
}
