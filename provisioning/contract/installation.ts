/** How far the installer is, as its page is told (image/root/programs/installer). */
export interface Installation {
	/** Of the firmware that the stick brings. */
	version: string;
	state: InstallationState;
	disks: InstallDisk[];
}

export type InstallationState =
	| { is: "choosing" }
	/** `done`: of this step, 0 to 1. */
	| { is: "busy"; step: InstallStep; done: number; disk: string }
	/** `prepared`: with the set-up file of the stick. */
	| { is: "installed"; disk: string; prepared: boolean }
	| { is: "failed"; fault: InstallFault; code: string };

/** What is done after the choice, in this order. */
export const installSteps = ["checking", "writing", "reading"] as const;
export type InstallStep = (typeof installSteps)[number];

/** Why nothing was installed, by what a technician does about it: another stick, another disk, another set-up file, or telling us. */
export type InstallFault = "stick" | "disk" | "setup_file" | "unexpected";

export interface InstallDisk {
	/** As the kernel calls it: `nvme0n1`. */
	name: string;
	model: string | null;
	bytes: number;
	removable: boolean;
	/** What would be lost: a device's system, something else, or nothing that is known. */
	holds: "incamera" | "other" | "nothing";
	/** Why it can't be chosen: a code, `flash.…`. */
	refused: string | null;
}
