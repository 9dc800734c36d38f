import { readAuthorities } from "../../../device/core/readAuthorities.ts";
import type { SetUpFile } from "../../../provisioning/contract/setUpFile.ts";

/**
 * What room program and agent are started with as `NODE_EXTRA_CA_CERTS`: beside the public authorities, for every connection that names none of its own. Empty where the
 * set-up file has none: Node says nothing to an empty file, warns of a missing one, and takes nothing at all from one with a single broken certificate.
 *
 * @throws RoomError `setup.authority_refused`
 */
export const authoritiesFile = ({ authorities = [] }: SetUpFile): string =>
	authorities
		.flatMap(readAuthorities)
		.map((certificate) => certificate.toString())
		.join("");
