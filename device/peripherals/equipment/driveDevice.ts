import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import { cecDisplay } from "../cec/cecDisplay.ts";
import { lgDisplay } from "../lg/lgDisplay.ts";
import { measureLg } from "../lg/lgFrames.ts";
import type { FrameLink, FrameSplitter } from "../link/FrameLink.ts";
import type { LineTap } from "../link/LineTap.ts";
import { type LinkAddress, openLink } from "../link/openLink.ts";
import { scanSplitter } from "../link/scanSplitter.ts";
import type { Display } from "../model/Display.ts";
import type { DriverName } from "../model/drivers.ts";
import type { PanelBus } from "../model/PanelBus.ts";
import type { PtzCamera } from "../model/PtzCamera.ts";
import { PanelBusDriver } from "../panel-bus/PanelBusDriver.ts";
import { PanelBusSplitter } from "../panel-bus/PanelBusSplitter.ts";
import { pjlinkDisplay } from "../pjlink/pjlinkDisplay.ts";
import { measurePjlink } from "../pjlink/pjlinkLines.ts";
import { measureMdc } from "../samsung-mdc/mdcFrames.ts";
import { samsungMdcDisplay } from "../samsung-mdc/samsungMdcDisplay.ts";
import { measureNec } from "../sharp-nec/necFrames.ts";
import { sharpNecDisplay } from "../sharp-nec/sharpNecDisplay.ts";
import { openViscaCamera } from "../visca/openViscaCamera.ts";
import type { DeviceSetup } from "./DeviceSetup.ts";

export interface Surroundings {
	clock: Clock;
	log: Log;
	/** Is told what happens on the device's line. */
	tap: LineTap;
}

export type Driven = PtzCamera | Display | PanelBus;
type Factories = {
	readonly [D in DriverName]: (setup: Extract<DeviceSetup, { driver: D }>, around: Surroundings) => Driven;
};

/** The fewest that cameras have. */
const FEWEST_PRESETS = 6;

/** A driver for each name; one without doesn't compile. */
const factories: Factories = {
	visca: ({ at, address, presets, tracking }, around) =>
		openViscaCamera(at, {
			...around,
			...{ address, tracking },
			presets: Math.max(FEWEST_PRESETS, ...presets.map(({ number }) => number + 1)),
		}),
	"samsung-mdc": ({ at, id, silentInStandby }, around) =>
		samsungMdcDisplay(scanned(at, measureMdc, around), { clock: around.clock, id, ...silence(silentInStandby) }),
	lg: ({ at, id, silentInStandby }, around) =>
		lgDisplay(scanned(at, measureLg, around), { clock: around.clock, id, ...silence(silentInStandby) }),
	"sharp-nec": ({ at, id, silentInStandby }, around) =>
		sharpNecDisplay(scanned(at, measureNec, around), { clock: around.clock, id, ...silence(silentInStandby) }),
	pjlink: ({ at, password = "", inputs = {} }, around) =>
		pjlinkDisplay(scanned(at, measurePjlink, around), { clock: around.clock, password, inputs }),
	cec: ({ at }, { clock }) => cecDisplay({ device: at.path, clock }),
	"panel-bus": ({ at }, { clock, log, tap }) =>
		new PanelBusDriver({ link: openLink(at, { splitter: () => new PanelBusSplitter(), clock, tap }), clock, log }),
};

/** A driver for the device; its line is being opened. */
export function driveDevice(setup: DeviceSetup, around: Surroundings): Driven {
	const drive = factories[setup.driver] as (setup: DeviceSetup, around: Surroundings) => Driven;
	return drive(setup, around);
}

const scanned = (
	at: LinkAddress,
	measure: Parameters<typeof scanSplitter>[0],
	{ clock, tap }: Surroundings,
): FrameLink => openLink(at, { splitter: (): FrameSplitter => scanSplitter(measure), clock, tap });

const silence = (silentWhenOff: boolean | undefined) => (silentWhenOff === undefined ? {} : { silentWhenOff });
