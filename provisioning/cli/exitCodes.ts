/** What a script can tell a failure by; `incamera help exit-codes` and the man page list them. */
export const exitCodes = {
	done: [0, "Done."],
	failed: [1, "It failed; the message has a code."],
	usage: [2, "The command was not understood."],
	unreachable: [3, "The fleet service can't be reached, or its database is away."],
	forbidden: [4, "No token, or it may not do that."],
	notFound: [5, "There is no such thing."],
	conflict: [6, "Not now: somebody changed it meanwhile, the room is offline or in a call, or it is over."],
	unhealthy: [7, "What was checked is not well (doctor, audit --verify)."],
} as const satisfies Record<string, readonly [number, string]>;
export type ExitCode = keyof typeof exitCodes;

const unreachable = new Set(["api.unreachable", "local.unreachable", "database.unavailable"]);
const conflicts = new Set([
	"api.twin_conflict",
	"api.device_offline",
	"api.device_gone",
	"api.rollout_over",
	"api.rollout_running",
	"api.no_devices",
]);

export function exitCodeOf(code: string): ExitCode {
	if (unreachable.has(code)) return "unreachable";
	if (["api.not_signed_in", "api.forbidden", "cli.no_token", "local.forbidden"].includes(code)) return "forbidden";
	if (code === "api.not_found") return "notFound";
	if (conflicts.has(code)) return "conflict";
	return code === "cli.usage" ? "usage" : "failed";
}

/** What to do next, where we know it. */
export const nextSteps: Readonly<Record<string, string>> = {
	"api.unreachable": "Is the service running, and is INCAMERA_FLEET its address (https://fleet.example.org)?",
	"api.not_signed_in": "The token is unknown, ended or expired: make a new one in the console under Tokens.",
	"api.forbidden": "The token has not this right: make one with the scope that `incamera help <command>` names.",
	"api.twin_conflict": "Somebody changed the room meanwhile: look at it again (incamera fleet room <id>) and repeat.",
	"api.device_offline": "The room is offline: commands are not kept for later. incamera fleet rooms --show offline",
	"api.rollout_running": "Another rollout is under way: incamera fleet rollout list",
	"api.no_devices": "Every active room has this version already, or none was named.",
	"api.not_found": "Ids are listed by: incamera fleet rooms",
	"local.forbidden": "Run it as the service's account or as root: sudo incamera fleet invite --local <stateFolder>",
	"local.unreachable": "Is the service running on this machine, and is the folder its stateFolder?",
	"cli.no_token": "Set INCAMERA_TOKEN, or keep the token in a file: incamera fleet login",
	"database.unavailable": "The service runs, its database does not answer; see docs/operations.md.",
};
