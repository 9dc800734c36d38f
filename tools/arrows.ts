/**
 * Lint rule: which folder may import which. The table is the architecture (house.md); a folder that is not listed may not exist.
 * Own code because a positive list in one place reads better than a negative list a folder in a linter's configuration.
 */
import { globSync, readFileSync } from "node:fs";
import { dirname, posix, relative } from "node:path";

const contracts = ["device/contract", "provisioning/contract"];
const arrows: Record<string, string[]> = {
	"device/contract": [],
	"device/core": [],
	// the words by which inputs, lights and steps are called
	"device/config": ["device/core", "device/peripherals/model"],
	"device/room": ["device/contract", "device/core"],
	"device/meeting": ["device/core", "provisioning/contract"],
	// the engine implements the meeting's Peer port
	"device/media": ["device/core", "device/meeting/Peer.ts"],
	"device/calendar": ["device/core"],
	// rings are signed by the same certificates as handshakes: one verifier
	"device/ringing": ["device/core", "device/meeting", "provisioning/contract"],
	// the agent carries the rings: it implements ringing's port
	"device/fleet": ["device/core", "device/contract", "provisioning/contract", "device/ringing/RingLine.ts"],
	"device/privacy": ["device/core"],
	// what the drivers report is drawn by the panel, and scenes follow what is drawn
	"device/peripherals": ["device/core", "device/contract"],
	"device/doctor": ["device/core", "device/media/gst", "device/meeting/Peer.ts", "device/peripherals/link"],
	"device/panel": ["device/contract", "device/core"],
	"ui/kit": [...contracts],
	// the reasons of an update, for each of which it has words
	"ui/panel": ["ui/kit", "device/contract", "device/core", "provisioning/contract/jobs.ts"],
	// the guest runs the room's own handshake (docs/adr/0001)
	"ui/guest": ["ui/kit", "device/meeting", "device/core", "device/contract", "provisioning/contract"],
	"ui/console": ["ui/kit", "provisioning/contract", "device/contract", "device/core"],
	"ui/tv": ["ui/kit", "device/contract"],
	"ui/installer": ["ui/kit", "device/contract", "provisioning/contract/installation.ts"],
	"provisioning/contract": [],
	// the line to the broker, for whoever has one
	"provisioning/line": ["device/core"],
	// what is said of firmware: signed by tools and service, believed or not by the agent
	"provisioning/trust": ["provisioning/contract", "device/core"],
	// a key of the data partition: sealed on the device, opened at IT's bench
	"provisioning/recovery": ["device/core"],
	"provisioning/agent": ["provisioning/contract", "provisioning/line", "provisioning/trust", "device/core"],
	"provisioning/cli": ["provisioning/contract", "provisioning/recovery", "provisioning/trust", "device/core"],
	"provisioning/service": ["provisioning/contract", "provisioning/line", "provisioning/trust", "device/core"],
	// builds the others as they are; what is said of the outcome is theirs to read
	// its support bundle is the command line's, and so is how the installer writes a disk
	image: [
		...["device/core", "provisioning/contract", "provisioning/recovery", "tools"],
		...["provisioning/cli/support", "provisioning/cli/image"],
	],
};
/** Composition roots know everybody; tests and tools may too. */
const roots = [/^device\/main\.ts$/, /^device\/program\//, /^ui\/vite\.config\.ts$/, /^test\//, /^tools\//];

const within = (file: string, place: string): boolean => file === place || file.startsWith(`${place}/`);

export function arrowViolations(root: string): string[] {
	const violations: string[] = [];
	const files = globSync("{device,ui,provisioning,image}/**/*.{ts,tsx}", { cwd: root });
	for (const file of files.sort()) {
		if (roots.some((pattern) => pattern.test(file))) continue;
		const home = Object.keys(arrows).find((place) => within(file, place));
		if (!home) {
			violations.push(`${file}: its folder is not in the table of tools/arrows.ts`);
			continue;
		}
		const source = readFileSync(posix.join(root, file), "utf8");
		for (const [, specifier] of source.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*["'](\.[^"'?]+)/g)) {
			const target = posix.normalize(posix.join(dirname(file), specifier as string));
			if (within(target, home) || (arrows[home] as string[]).some((place) => within(target, place))) continue;
			violations.push(`${file}: ${home} may not import ${target}`);
		}
	}
	return violations;
}

if (import.meta.main) {
	const root = posix.join(import.meta.dirname, "..");
	const violations = arrowViolations(root);
	for (const violation of violations) console.error(violation);
	console.error(
		violations.length
			? `${violations.length} arrows point the wrong way`
			: `arrows: fine (${relative(process.cwd(), root) || "."})`,
	);
	process.exitCode = violations.length ? 1 : 0;
}
