import type { LinkAddress } from "../link/openLink.ts";
import type { DisplayInput } from "../model/Display.ts";

type On<By> = Extract<LinkAddress, { by: By }>;

interface DisplaySetup {
	/** Which of its inputs the room is plugged into. */
	readonly input: DisplayInput | null;
}

interface MonitorSetup extends DisplaySetup {
	readonly at: On<"serial" | "tcp">;
	/** Its number, as its own menu shows it. */
	readonly id: number;
	readonly silentInStandby?: boolean | undefined;
}

export type CameraSetup = {
	readonly driver: "visca";
	readonly at: LinkAddress;
	/** On its serial line, 1 to 7. */
	readonly address: number;
	readonly presets: readonly { readonly number: number; readonly name: string }[];
	readonly tracking: "none" | "extended" | "presets";
};

/** One device of the room, as a configuration describes it. */
export type DeviceSetup = {
	/** By which scenes, panel and fleet speak of it. */
	readonly name: string;
} & (
	| CameraSetup
	| ({ readonly driver: "samsung-mdc" } & MonitorSetup)
	| ({ readonly driver: "lg" } & MonitorSetup)
	| ({ readonly driver: "sharp-nec" } & MonitorSetup)
	| ({
			readonly driver: "pjlink";
			readonly at: On<"tcp">;
			/** A secret. */
			readonly password?: string | undefined;
			/** Which of its inputs is which, where it doesn't say it itself. */
			readonly inputs?: Readonly<Partial<Record<DisplayInput, string>>> | undefined;
	  } & DisplaySetup)
	| ({ readonly driver: "cec"; readonly at: { readonly by: "cec"; readonly path: string } } & DisplaySetup)
	| { readonly driver: "panel-bus"; readonly at: On<"serial"> }
);

/** As a technician would say it: `serial ttyUSB0`, `TCP 192.0.2.7`. */
export function placeName(at: DeviceSetup["at"]): string {
	switch (at.by) {
		case "serial":
			return `serial ${fileName(at.path)}`;
		case "cec":
			return `HDMI ${fileName(at.path)}`;
		case "tcp":
		case "udp":
			return `${at.by.toUpperCase()} ${at.host}`;
	}
}

const fileName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
