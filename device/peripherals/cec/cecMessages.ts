import type { CecMessage } from "./CecBus.ts";

/** Logical addresses (HDMI 1.4b, supplement 1 (CEC), table 5). */
export const TELEVISION = 0;
export const AUDIO_SYSTEM = 5;
const EVERYBODY = 15;

/** HDMI 1.4b, supplement 1 (CEC), tables 7 to 25. */
export const cecOpcodes = {
	featureAbort: 0x00,
	osdName: 0x47,
	reportAudioStatus: 0x7a,
	vendorId: 0x87,
	reportPowerStatus: 0x90,
} as const;

export type CecKey = "volume-up" | "volume-down" | "mute" | "mute-function" | "restore-volume-function";

const to = (address: number, ...words: string[]): CecMessage => ({ to: address, words });

/** What we say, in the words of cec-ctl's man page. */
export const cecMessages = {
	givePowerStatus: to(TELEVISION, "--give-device-power-status"),
	giveName: to(TELEVISION, "--give-osd-name"),
	giveVendor: to(TELEVISION, "--give-device-vendor-id"),
	giveAudioStatus: (address: number) => to(address, "--give-audio-status"),
	/** Comes on, and shows us in many cases; sure that is only by `activeSource`. */
	imageViewOn: to(TELEVISION, "--image-view-on"),
	standby: to(TELEVISION, "--standby"),
	activeSource: (physicalAddress: number) =>
		to(EVERYBODY, "--active-source", `phys-addr=${writePhysicalAddress(physicalAddress)}`),
	/** A key of the remote control, pressed and released. */
	press: (address: number, key: CecKey) => [
		to(address, "--user-control-pressed", `ui-cmd=${key}`),
		to(address, "--user-control-released"),
	],
} as const;

/** `1.0.0.0` for 0x1000. */
export const writePhysicalAddress = (address: number): string =>
	[12, 8, 4, 0].map((shift) => ((address >> shift) & 15).toString(16)).join(".");

/** Whose displays are met in meeting rooms; CEC's vendor ids are the makers' OUIs of the IEEE. */
const vendors: Readonly<Record<number, string>> = {
	57: "Toshiba",
	240: "Samsung",
	36926: "Philips",
	57489: "LG",
	32837: "Panasonic",
	524358: "Sony",
	524319: "Sharp",
};

/** Null: nobody that we know. */
export function vendorName(reply: Uint8Array): string | null {
	const [, , high = 0, middle = 0, low = 0] = reply;
	return vendors[(high << 16) | (middle << 8) | low] ?? null;
}
