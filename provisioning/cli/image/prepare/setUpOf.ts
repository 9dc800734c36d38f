import { readFile } from "node:fs/promises";
import { stringify } from "yaml";
import { RoomError } from "../../../../device/core/RoomError.ts";
import { readAuthorities } from "../../../../device/core/readAuthorities.ts";
import { readYaml } from "../../../../device/core/readYaml.ts";
import { type SetUpFile, setUpFile } from "../../../contract/setUpFile.ts";
import { readCertificate } from "../../../recovery/readCertificate.ts";

export interface SetUpOptions {
	setup?: string;
	fleet?: string;
	enrolmentCode?: string;
	/** Files. */
	authority?: string[];
	recoveryKey?: string;
}

/**
 * The set-up file for a device: what IT wrote, and what was said on the command line, held against the schema that the device reads it by.
 * @throws RoomError `config.unreadable`, `config.refused` with line and key, `setup.authority_refused`, `cli.usage`, and those of `readCertificate`
 */
export async function setUpOf({
	setup,
	fleet,
	enrolmentCode,
	authority = [],
	recoveryKey,
}: SetUpOptions): Promise<string> {
	const own: SetUpFile = setup === undefined ? {} : await readYaml(setup, setUpFile);
	const bootstrap = fleet ?? own.fleet?.bootstrap;
	if (bootstrap === undefined && enrolmentCode !== undefined)
		throw new RoomError("cli.usage", "a code is for a fleet: --fleet mqtts://fleet.example.org:8884");
	const code = enrolmentCode ?? own.fleet?.code;
	const authorities = await authoritiesOf(own, authority);
	const certificate = recoveryKey === undefined ? own.recovery?.certificate : await certificateIn(recoveryKey);
	const whole = {
		...own,
		...(authorities.length === 0 ? {} : { authorities }),
		...(certificate === undefined ? {} : { recovery: { certificate: readCertificate(certificate).pem } }),
		...(bootstrap === undefined ? {} : { fleet: { ...own.fleet, bootstrap, ...(code === undefined ? {} : { code }) } }),
	};
	const checked = setUpFile.safeParse(whole);
	if (checked.success) return stringify(checked.data);
	const key = checked.error.issues[0]?.path.join(".") ?? "";
	throw new RoomError("cli.usage", faults[key] ?? "--fleet is no mqtts:// address");
}

const faults: Readonly<Record<string, string>> = {
	"fleet.code": "--enrolment-code is no code of a fleet",
	authorities: "no device takes so many authorities: 8 at most",
};

/** Each once, as PEM and nothing beside. What has run out here is refused here: a device's clock may not know. */
async function authoritiesOf(own: SetUpFile, files: readonly string[]): Promise<string[]> {
	const read = (file: string) =>
		readFile(file, "utf8").catch((cause: unknown) => {
			throw new RoomError("config.unreadable", `${file} can't be read`, { cause });
		});
	const texts = [...(own.authorities ?? []), ...(await Promise.all(files.map(read)))];
	const found = texts.flatMap(readAuthorities);
	const over = found.find(({ validToDate }) => validToDate.getTime() < Date.now());
	if (over)
		throw new RoomError("setup.authority_refused", `an authority is refused: it was in force until ${over.validTo}`);
	return [...new Set(found.map((certificate) => certificate.toString()))];
}

async function certificateIn(file: string): Promise<string> {
	const text = await readFile(file, "utf8").catch((cause: unknown) => {
		throw new RoomError("recovery.certificate_unreadable", `${file} can't be read`, { cause });
	});
	if (text.includes("PRIVATE KEY-----") && !text.includes("BEGIN CERTIFICATE"))
		throw new RoomError("recovery.certificate_unreadable", `${file} is the private key, which no device may have`);
	return text;
}
