import { compareVersions } from "../../../contract/versions.ts";
import { releasesIn } from "../../firmware/releases.ts";
import type { HandlersOf } from "../Handlers.ts";

/** The image repository that this service has, and where devices find it. */
export interface Firmware {
	folder: string;
	/** Of the folder, without a slash at its end. */
	url: string;
}

/** `firmware` null: this service has no image repository. */
export function releaseHandlers({ firmware }: { firmware: Firmware | null }): HandlersOf<"releases"> {
	return {
		"releases.list": async () => {
			if (!firmware) return { items: [], next: null };
			const releases = await releasesIn(firmware.folder);
			const items = releases.map((release) => ({ ...release, url: `${firmware.url}/${release.digest}.raucb` }));
			return { items: items.sort((one, other) => compareVersions(other.version, one.version)), next: null };
		},
	};
}
