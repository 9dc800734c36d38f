import { stat } from "node:fs/promises";
import { dirname } from "node:path";

/** Whether something is mounted at a folder: of a stick that was pulled out the folder stays, and is empty. */
export async function isMountPoint(folder: string): Promise<boolean> {
	try {
		const [here, above] = await Promise.all([stat(folder), stat(dirname(folder))]);
		return here.dev !== above.dev;
	} catch {
		return false;
	}
}
