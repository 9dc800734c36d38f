import { rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../../../device/core/clock.ts";
import { ReleaseRepository } from "../../../provisioning/cli/image/ReleaseRepository.ts";
import type { Firmware } from "../../../provisioning/service/api/handlers/releases.ts";

/** An image repository in the folder with these versions, of some megabytes that are nothing. */
export async function publishReleases(folder: string, versions: readonly string[]): Promise<Firmware> {
	const at = (name: string) => join(folder, name);
	const repository = new ReleaseRepository({ folder: at("repository"), clock: systemClock });
	await repository.init(at("keys"), { development: true });
	for (const version of versions) {
		await writeFile(at("bundle"), version);
		await truncate(at("bundle"), 38_400_000);
		await repository.publish(at("keys"), at("bundle"), version);
		await rm(at("bundle"));
	}
	return { folder: at("repository"), url: "https://fleet.example.org/firmware" };
}
