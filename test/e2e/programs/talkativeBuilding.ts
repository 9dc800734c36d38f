/**
 * A building of its own process, whose every output can be collected: forked by a test, with the names to use as its argument. Says where
 * it can be reached over IPC, and ends with it.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { Building, type RunningBuilding } from "../../../tools/building/Building.ts";
import { freePortBase } from "../../../tools/building/ports.ts";

export interface PlantedNames {
	rooms: Record<"berlin" | "muenchen", string>;
	/** Of the meeting that is due now. */
	title: string;
}
export interface TalkativeBuilding {
	running: RunningBuilding;
	/** Where each room keeps its files. */
	folders: Record<"berlin" | "muenchen", string>;
	/** Process ids of the room programs. */
	pids: Record<"berlin" | "muenchen", number>;
	brokerPid: number;
}

const names = JSON.parse(process.argv[2] ?? "") as PlantedNames;
const folders = { berlin: "", muenchen: "" };
const building = new Building({
	base: await freePortBase(),
	log: "all",
	turn: true,
	configure: (room, { config, twin }) => {
		twin.room.name = names.rooms[room];
		twin.showTitles = true;
		config["devices"] = { camera: "synthetic", microphone: "synthetic", speaker: "none", display: "none" };
		const other = room === "berlin" ? "muenchen" : "berlin";
		twin.directory = [{ id: `room-${other}`, name: names.rooms[other] }];
		const { ics } = config["calendar"] as { ics: string };
		folders[room] = dirname(ics);
		writeFileSync(ics, readFileSync(ics, "utf8").replaceAll("Jour fixe", names.title));
	},
});
let stopping: Promise<void> | null = null;
const stop = (): Promise<void> => {
	stopping ??= building.stop().then(() => process.exit(0));
	return stopping;
};
process.on("SIGTERM", () => void stop());
process.on("disconnect", () => void stop());

const running = await building.start();
process.send?.({
	running,
	folders,
	pids: { berlin: building.pidOf("berlin"), muenchen: building.pidOf("muenchen") },
	brokerPid: building.broker?.pid ?? 0,
} satisfies TalkativeBuilding);
