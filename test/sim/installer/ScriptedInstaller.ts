import { join } from "node:path";
import { InstallerServer } from "../../../image/root/programs/installer/InstallerServer.ts";
import type { Installation, InstallDisk } from "../../../provisioning/contract/installation.ts";
import { buildPage } from "../../../tools/build-ui.ts";

const root = join(import.meta.dirname, "../../..");

/** The installer's own server and page, on an installer that is as the test says. */
export class ScriptedInstaller {
	state: Installation["state"] = { is: "choosing" };
	disks: InstallDisk[] = [];
	/** What was asked of it, in order. */
	readonly asked: string[] = [];
	#server: InstallerServer | null = null;

	static async start(): Promise<ScriptedInstaller> {
		await buildPage("installer");
		const scripted = new ScriptedInstaller();
		scripted.#server = await InstallerServer.listen({
			installer: {
				get state() {
					return scripted.state;
				},
				tell: async () => ({ version: "1.4.0", state: scripted.state, disks: scripted.disks }),
				begin: async (disk) => {
					scripted.asked.push(`install ${disk}`);
					return true;
				},
				again: () => {
					scripted.asked.push("again");
					scripted.state = { is: "choosing" };
				},
			},
			page: join(root, "build/ui/installer"),
			port: 0,
			switchOff: async () => void scripted.asked.push("off"),
			onPainted: () => scripted.asked.push("painted"),
		});
		return scripted;
	}

	get url(): string {
		return this.#server?.url ?? "";
	}

	async close(): Promise<void> {
		await this.#server?.close();
	}
}

const GB = 1e9;
/** Disks as machines have them. */
export const disksForShow: InstallDisk[] = [
	{
		name: "nvme0n1",
		model: "Samsung SSD 980 250GB",
		bytes: 250 * GB,
		removable: false,
		holds: "incamera",
		refused: null,
	},
	{ name: "sda", model: "TS64GMTS400S", bytes: 64 * GB, removable: false, holds: "other", refused: null },
	{ name: "mmcblk0", model: null, bytes: 2 * GB, removable: true, holds: "nothing", refused: "flash.device_too_small" },
];
