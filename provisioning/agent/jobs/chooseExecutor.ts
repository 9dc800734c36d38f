import { join } from "node:path";
import type { Clock } from "../../../device/core/clock.ts";
import type { AgentConfig } from "../AgentConfig.ts";
import { SystemBus } from "../bus/SystemBus.ts";
import { diskFiles } from "../identity/StateFiles.ts";
import { Download } from "./download/Download.ts";
import type { FirmwareExecutor } from "./FirmwareExecutor.ts";
import { NoFirmware } from "./NoFirmware.ts";
import { RaucFirmware } from "./RaucFirmware.ts";
import { appliancePaths } from "./rauc/Appliance.ts";
import { Rauc } from "./rauc/Rauc.ts";
import { SimulatedFirmware } from "./SimulatedFirmware.ts";

export interface ExecutorChoice {
	config: AgentConfig;
	clock: Clock;
	/** What runs where nothing can be installed, or before the first simulated update. */
	version: string;
	inCall(): boolean;
	/** Of the simulated firmware. */
	restart(): void;
}

/** A call goes first. */
const IN_CALL_BYTES_PER_SECOND = 250_000;

/** Who installs firmware here, by the configuration. */
export function chooseExecutor({ config, clock, version, inCall, restart }: ExecutorChoice): FirmwareExecutor {
	const { firmware, stateFolder, downloadKilobytesPerSecond = 4000 } = config;
	const state = { statePath: join(stateFolder, "firmware.json"), files: diskFiles };
	if (firmware === "simulated") {
		return new SimulatedFirmware({ path: state.statePath, files: diskFiles, clock, version, restart });
	}
	if (firmware !== "rauc") return new NoFirmware(version);
	const most = downloadKilobytesPerSecond * 1000;
	const rate = (): number => (inCall() ? Math.min(most, IN_CALL_BYTES_PER_SECOND) : most);
	const download = new Download({ folder: join(stateFolder, "update"), clock, rate });
	return new RaucFirmware({ rauc: new Rauc(new SystemBus()), download, paths: appliancePaths, clock, ...state });
}
