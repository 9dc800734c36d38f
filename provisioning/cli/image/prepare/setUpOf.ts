import { stringify } from "yaml";
import { RoomError } from "../../../../device/core/RoomError.ts";
import { readYaml } from "../../../../device/core/readYaml.ts";
import { type SetUpFile, setUpFile } from "../../../contract/setUpFile.ts";

export interface SetUpOptions {
	setup?: string;
	fleet?: string;
	enrolmentCode?: string;
}

/**
 * The set-up file for a device: what IT wrote, and what was said on the command line, held against the schema that the device reads it by.
 * @throws RoomError `config.unreadable`, `config.refused` with line and key, `cli.usage`
 */
export async function setUpOf({ setup, fleet, enrolmentCode }: SetUpOptions): Promise<string> {
	const own: SetUpFile = setup === undefined ? {} : await readYaml(setup, setUpFile);
	const bootstrap = fleet ?? own.fleet?.bootstrap;
	if (bootstrap === undefined && enrolmentCode !== undefined)
		throw new RoomError("cli.usage", "a code is for a fleet: --fleet mqtts://fleet.example.org:8884");
	const code = enrolmentCode ?? own.fleet?.code;
	const whole = {
		...own,
		...(bootstrap === undefined ? {} : { fleet: { ...own.fleet, bootstrap, ...(code === undefined ? {} : { code }) } }),
	};
	const checked = setUpFile.safeParse(whole);
	if (checked.success) return stringify(checked.data);
	const key = checked.error.issues[0]?.path.join(".");
	throw new RoomError(
		"cli.usage",
		key === "fleet.code" ? "--enrolment-code is no code of a fleet" : "--fleet is no mqtts:// address",
	);
}
