import type { InstallDisk, InstallFault, InstallStep } from "../../../provisioning/contract/installation.ts";

export interface InstallerWords {
	starting: string;
	/** Heading of the choice. */
	choose(version: string): string;
	chooseExplain: string;
	gigabytes(size: number): string;
	holds: Record<InstallDisk["holds"], string>;
	unknownDisk: string;
	removable: string;
	/** Why a disk can't be chosen. */
	refused: Record<string, string> & { other: string };
	noDisk: string;
	noDiskNext: string;
	hold: string;
	/** Beneath the key, before anything was touched. */
	touchOne: string;
	busy: string;
	busyExplain: string;
	steps: Record<InstallStep, string>;
	installed: string;
	installedExplain: string;
	prepared: string;
	notPrepared: string;
	switchOff: string;
	switchingOff: string;
	faults: Record<InstallFault, { title: string; next: string }>;
	code: string;
	again: string;
	otherLanguage: string;
}
