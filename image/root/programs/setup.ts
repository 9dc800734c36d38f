/**
 * Runs at each start, before the network: takes the technician's set-up file from the start partition (once, it is wiped there) and writes
 * what agent, room program and network start with.
 */
import {
	chownSync,
	closeSync,
	existsSync,
	fsyncSync,
	mkdirSync,
	openSync,
	readdirSync,
	readFileSync,
	renameSync,
	statSync,
	truncateSync,
	unlinkSync,
	writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { parse, stringify } from "yaml";
import { RoomError } from "../../../device/core/RoomError.ts";
import type { SetUpFile } from "../../../provisioning/contract/setUpFile.ts";
import { type RecoveryCertificate, readCertificate } from "../../../provisioning/recovery/readCertificate.ts";
import { authoritiesFile } from "./authoritiesFile.ts";
import { mended } from "./loaderMemory.ts";
import { networkUnit } from "./networkUnit.ts";
import { readSetUpFile } from "./readSetUpFile.ts";
import { certificateFrom } from "./recovery/certificateFrom.ts";

const carried = "/efi/incamera/setup.yaml";
const kept = "/var/lib/incamera-setup/setup.yaml";
/** For whom a recovery key is made (recovery.ts). Nothing in it: the first start brought nobody. Inside the encrypted partition, where no stranger writes. */
const pinned = "/var/lib/incamera-setup/recovery.pem";
const run = "/run/incamera-setup";
/** The agent's: it removes the code that it finds there once it was used. */
const enrolment = "/var/lib/incamera-enrolment";
/** `incamera` of sysusers.d. */
const ACCOUNT = 800;

const say = (text: string): void => void process.stderr.write(`incamera: ${text}\n`);

/** The file from the start partition takes the place of the one before; there it is overwritten and gone. */
function takeCarried(): void {
	const there = existsSync(carried);
	try {
		if (there) take(readSetUpFile(carried));
		else pin(null);
	} catch (error) {
		// a wrong file doesn't stop a room that worked before; the technician reads why
		const { code, message } = RoomError.from(error, "setup.unreadable");
		say(`${code}: ${message}`);
	}
	if (!there) return;
	const { size } = statSync(carried);
	writeFileSync(carried, Buffer.alloc(size));
	truncateSync(carried, 0);
	unlinkSync(carried);
}

function take(setUp: SetUpFile): void {
	authoritiesFile(setUp);
	const { fleet, recovery, ...rest } = setUp;
	const { code, ...where } = fleet ?? {};
	// first, since it may be refused, and the file with it
	pin(recovery ? readCertificate(recovery.certificate) : null);
	// first the file, then the code: cut off between the two, the device is typed its code as any other
	replace(kept, stringify({ ...rest, ...(fleet ? { fleet: where } : {}) }));
	if (code !== undefined) keepCode(code);
	say("set-up file taken");
}

/** Takes a certificate, or decides at the first start that there is none. */
function pin(next: RecoveryCertificate | null): void {
	const text = existsSync(pinned) ? readFileSync(pinned, "utf8") : null;
	if (next === null) {
		if (text === null) replace(pinned, "");
		return;
	}
	const before = text === null ? null : text === "" ? "none" : readCertificate(text);
	const { pem } = certificateFrom(before, next);
	if (pem !== text) replace(pinned, pem);
}

/** Is on the disk when it returns: where it comes from it is wiped. */
function replace(file: string, content: string | Buffer): void {
	writeFileSync(`${file}.new`, content, { mode: 0o600, flush: true });
	renameSync(`${file}.new`, file);
	const folder = openSync(dirname(file), "r");
	fsyncSync(folder);
	closeSync(folder);
}

/** Where only the agent can read it, and take it away. */
function keepCode(code: string): void {
	const file = join(enrolment, "code");
	writeFileSync(`${file}.new`, code, { mode: 0o600 });
	chownSync(`${file}.new`, ACCOUNT, ACCOUNT);
	renameSync(`${file}.new`, file);
}

const dmi = (name: string): string => {
	try {
		return readFileSync(join("/sys/class/dmi/id", name), "utf8")
			.replaceAll(/[^ -~]/g, "")
			.trim();
	} catch {
		return "";
	}
};
/** Makers leave these where a number should be. */
const noSerial = /^(?:|0+|none|not specified|to be filled.*|default string|system serial number|unknown)$/i;

function serialNumber(): string {
	const own = dmi("product_serial");
	if (!noSerial.test(own)) return own.slice(0, 80);
	for (const card of readdirSync("/sys/class/net").sort()) {
		if (!existsSync(join("/sys/class/net", card, "device"))) continue;
		const address = readFileSync(join("/sys/class/net", card, "address"), "utf8").trim();
		if (/^[0-9a-f:]{17}$/.test(address)) return address.replaceAll(":", "");
	}
	return "unknown";
}

function write(name: string, value: unknown): void {
	const file = join(run, name);
	writeFileSync(file, stringify(value), { mode: 0o400 });
	chownSync(file, ACCOUNT, ACCOUNT);
}

/** Of the units of room program and agent (`NODE_EXTRA_CA_CERTS`). */
function writeAuthorities(setUp: SetUpFile): void {
	let text = "";
	try {
		text = authoritiesFile(setUp);
	} catch (error) {
		// without them something is unreachable; without this program there is no room
		const { code, message } = RoomError.from(error, "setup.authority_refused");
		say(`${code}: ${message}`);
	}
	writeFileSync(join(run, "authorities.pem"), text, { mode: 0o444 });
}

/** The loader goes on with either copy of its memory; here, whichever is spoilt is written anew. */
function mendLoaderMemory(): void {
	const running = /\brauc\.slot=([AB])\b/.exec(readFileSync("/proc/cmdline", "utf8"))?.[1];
	if (running !== "A" && running !== "B") return;
	const places = { memory: "/efi/grub/grubenv", copy: "/efi/grub/grubenv.copy" };
	const read = (file: string) => (existsSync(file) ? readFileSync(file) : null);
	const written = mended({ memory: read(places.memory), copy: read(places.copy) }, running);
	for (const which of ["memory", "copy"] as const) {
		const block = written[which];
		if (block === null) continue;
		replace(places[which], block);
		say(`the loader's ${which} was spoilt, and is mended`);
	}
}

try {
	mendLoaderMemory();
} catch (error) {
	say(`${RoomError.from(error, "setup.loader_memory").code}: the loader's memory can't be mended`);
}
takeCarried();
/** Who says what is released. Without it in the firmware nothing is installed by the fleet: such a job is rejected. */
const updateRoot = "/usr/lib/incamera/update-root.json";
const firmware = existsSync(updateRoot) ? { firmware: "rauc", updateRoot } : {};
const own: SetUpFile = existsSync(kept) ? readSetUpFile(kept) : {};
write("agent.yaml", {
	stateFolder: "/var/lib/incamera-agent",
	socket: "/run/incamera/agent.sock",
	// nobody can be reached under `.invalid` (RFC 2606): the panel says that no fleet is set
	bootstrap: {
		url: own.fleet?.bootstrap ?? "mqtts://fleet.invalid:8883",
		...(own.fleet?.page ? { enrolUrl: own.fleet.page } : {}),
		codeFile: join(enrolment, "code"),
	},
	...firmware,
	sticks: "/run/incamera-stick",
	reset: "/run/incamera/reset",
	support: { wish: "/run/incamera/support", outcome: "/run/incamera-support/outcome.json" },
	facts: {
		model: (noSerial.test(dmi("product_name")) ? "InCamera" : dmi("product_name")).slice(0, 80),
		serial: serialNumber(),
	},
});
writeAuthorities(own);
write("room.yaml", { ...parse(readFileSync("/etc/incamera/room.yaml", "utf8")), ...own.room });
if (own.screens) writeFileSync(join(run, "panel-screen"), `${own.screens.panel}\n`, { mode: 0o444 });
if (own.network) {
	mkdirSync("/run/systemd/network", { recursive: true });
	writeFileSync("/run/systemd/network/70-setup.network", networkUnit(own.network));
}
