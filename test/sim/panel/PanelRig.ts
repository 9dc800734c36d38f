import { fileURLToPath } from "node:url";
import type { Clock } from "../../../device/core/clock.ts";
import { silentLog } from "../../../device/core/log.ts";
import { PanelServer } from "../../../device/panel/PanelServer.ts";
import { buildPage } from "../../../tools/build-ui.ts";
import { ScriptedRoom } from "./ScriptedRoom.ts";

const pages = fileURLToPath(new URL("../../../build/ui", import.meta.url));

export interface PanelRig {
	room: ScriptedRoom;
	server: PanelServer;
}

/** The real panel server over a scripted room, with the built pages. */
export async function startPanel(options: { listenPort?: number; clock?: Clock } = {}): Promise<PanelRig> {
	await Promise.all([buildPage("panel"), buildPage("tv")]);
	const room = new ScriptedRoom();
	const server = await PanelServer.listen({ port: room, log: silentLog, listenPort: 0, pages, ...options });
	return { room, server };
}
