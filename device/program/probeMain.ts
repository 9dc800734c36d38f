/** `incamera room probe`: asks at ports and hosts what is there. Started by the command, which draws what it is told. */
import { systemClock } from "../core/clock.ts";
import { configurationOf } from "../peripherals/probe/configurationOf.ts";
import { listCecDevices, listPorts } from "../peripherals/probe/listPorts.ts";
import { probeCec } from "../peripherals/probe/probeCec.ts";
import { type PlaceReport, type ProbeOptions, probeHost, probePort } from "../peripherals/probe/probePlace.ts";
import { probes } from "../peripherals/probe/probes.ts";
import { serveCommand } from "./serveCommand.ts";

/** Ports beside those of adapters, and hosts; neither: the adapters' ports only. */
export interface ProbeOrder {
	ports: string[];
	hosts: string[];
}

await serveCommand<ProbeOrder>(async ({ ports, hosts }, tell, signal) => {
	// who names a place means that place
	const named = ports.length + hosts.length > 0;
	const paths = named ? ports : await listPorts();
	const outputs = named ? [] : await listCecDevices();
	const optionsOf = (place: string): ProbeOptions => ({
		probes,
		clock: systemClock,
		signal,
		asking: (driver, at) => tell({ asking: { place, driver, ...(at.by === "serial" ? { speed: at.baudRate } : {}) } }),
	});
	// Each port is hardware of its own: all at once.
	const reports: PlaceReport[] = await Promise.all([
		...paths.map((path) => probePort(path, optionsOf(path))),
		...outputs.map((path) => probeCec(path, { clock: systemClock, signal })),
		...hosts.map((host) => probeHost(host, optionsOf(host))),
	]);
	if (signal.aborted) return;
	const sightings = reports.flatMap((report) => report.sightings);
	tell({ reports, configuration: sightings.length > 0 ? configurationOf(sightings) : null });
});
