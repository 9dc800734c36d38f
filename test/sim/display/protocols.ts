import type { Clock } from "../../../device/core/clock.ts";
import { lgDisplay } from "../../../device/peripherals/lg/lgDisplay.ts";
import { measureLg } from "../../../device/peripherals/lg/lgFrames.ts";
import type { FrameLink } from "../../../device/peripherals/link/FrameLink.ts";
import type { MeasureFrame } from "../../../device/peripherals/link/scanSplitter.ts";
import type { Display } from "../../../device/peripherals/model/Display.ts";
import { pjlinkDisplay } from "../../../device/peripherals/pjlink/pjlinkDisplay.ts";
import { measurePjlink } from "../../../device/peripherals/pjlink/pjlinkLines.ts";
import { measureMdc } from "../../../device/peripherals/samsung-mdc/mdcFrames.ts";
import { samsungMdcDisplay } from "../../../device/peripherals/samsung-mdc/samsungMdcDisplay.ts";
import { measureNec } from "../../../device/peripherals/sharp-nec/necFrames.ts";
import { sharpNecDisplay } from "../../../device/peripherals/sharp-nec/sharpNecDisplay.ts";
import type { DisplayModel } from "./DisplayModel.ts";
import type { DisplayVoice } from "./DisplayVoice.ts";
import { lgVoice } from "./lgVoice.ts";
import { mdcVoice } from "./mdcVoice.ts";
import { necVoice } from "./necVoice.ts";
import { pjlinkVoice } from "./pjlinkVoice.ts";

/** A protocol that runs over a line: its simulated display, and the driver that it is to be tried with. */
export interface LineProtocol {
	readonly measure: MeasureFrame;
	readonly voice: (model: DisplayModel, clock: Clock) => DisplayVoice;
	readonly drive: (link: FrameLink, clock: Clock, id?: number) => Display;
	readonly transports: readonly ("serial" | "tcp")[];
	/** What a display of it is called. */
	readonly model: string;
	/** Whether it can be told a volume, and asked for it. */
	readonly volume: boolean;
	/** Whether its frames have a check, and name the display that speaks. */
	readonly addressed: boolean;
}

export const lineProtocols = {
	"samsung-mdc": {
		measure: measureMdc,
		voice: (model) => mdcVoice(model),
		drive: (link, clock, id = 1) => samsungMdcDisplay(link, { clock, id }),
		transports: ["serial", "tcp"],
		model: "Samsung QM55B",
		volume: true,
		addressed: true,
	},
	lg: {
		measure: measureLg,
		voice: (model) => lgVoice(model),
		drive: (link, clock, id = 1) => lgDisplay(link, { clock, id }),
		transports: ["serial", "tcp"],
		model: "LG",
		volume: true,
		addressed: true,
	},
	"sharp-nec": {
		measure: measureNec,
		voice: (model, clock) => necVoice(model, { clock }),
		drive: (link, clock, id = 1) => sharpNecDisplay(link, { clock, id }),
		transports: ["serial", "tcp"],
		model: "NEC P403",
		volume: true,
		addressed: true,
	},
	pjlink: {
		measure: measurePjlink,
		voice: (model) => pjlinkVoice(model),
		drive: (link, clock) => pjlinkDisplay(link, { clock }),
		transports: ["tcp"],
		model: "Maker P-1",
		volume: false,
		addressed: false,
	},
} as const satisfies Record<string, LineProtocol>;

export type LineProtocolName = keyof typeof lineProtocols;
