import { lgProbe } from "../lg/lgProbe.ts";
import { panelBusProbe } from "../panel-bus/panelBusProbe.ts";
import { pjlinkProbe } from "../pjlink/pjlinkProbe.ts";
import { samsungMdcProbe } from "../samsung-mdc/samsungMdcProbe.ts";
import { sharpNecProbe } from "../sharp-nec/sharpNecProbe.ts";
import { viscaProbe } from "../visca/viscaProbe.ts";
import type { Probe } from "./Probe.ts";

/** All that can be asked for, in the order in which a serial line is asked. HDMI-CEC has no line of ours: `probeCec`. */
export const probes: readonly Probe[] = [
	viscaProbe,
	samsungMdcProbe,
	lgProbe,
	sharpNecProbe,
	panelBusProbe,
	pjlinkProbe,
];
