/**
 * The media engine's process: owns GStreamer and nothing else. Forked by EngineClient; speaks `protocol.ts` over IPC.
 */
import { jsonLog } from "../core/log.ts";
import { onParentGone } from "../core/onParentGone.ts";
import { RoomError } from "../core/RoomError.ts";
import type { GstPeer } from "./GstPeer.ts";
import {
	type EngineMethod,
	type EngineMethods,
	type EngineOptions,
	type FromEngine,
	type ToEngine,
	toWire,
} from "./protocol.ts";
import type { Room } from "./Room.ts";

type Handlers = {
	[M in EngineMethod]: (
		argument: EngineMethods[M]["argument"],
	) => EngineMethods[M]["result"] | Promise<EngineMethods[M]["result"]>;
};

const log = jsonLog({ write: (line) => process.stderr.write(line) });

function send(message: FromEngine): void {
	if (process.connected) process.send?.(message);
}

let room: Room | null = null;

function opened(): Room {
	if (!room) throw new RoomError("media.engine_failed", "The engine was not configured.");
	return room;
}

function peerOf({ peer }: { peer: number }): GstPeer {
	const found = opened().peer(peer);
	if (!found) throw new RoomError("media.peer_unknown", "There is no such peer in the engine.");
	return found;
}

async function configure(options: EngineOptions): Promise<undefined> {
	const { Room } = await import("./Room.ts");
	const { warmUp } = await import("./warm-up.ts");
	room = new Room(options, send, (warning) => log.write("warn", "engine.warning", { ...warning }));
	await room.start();
	warmUp();
	return undefined;
}

const handlers: Handlers = {
	configure,
	ping: () => undefined,
	devices: () => opened().devices(),
	setSources: async (open) => void (await opened().setSources(open)),
	setMuted: async (muted) => void (await opened().setMuted(muted)),
	setVolume: (level) => void opened().setVolume(level),
	setTv: (scene) => void opened().setTv(scene),
	preview: async ({ view, on }) => void (await opened().setPreview(view, on)),
	"peer.create": ({ peer, iceServers }) => void opened().createPeer(peer, iceServers),
	"peer.createOffer": (argument) => peerOf(argument).createOffer(),
	"peer.acceptOffer": (argument) => peerOf(argument).acceptOffer(argument.sdp, argument.fingerprint),
	"peer.acceptAnswer": async (argument) =>
		void (await peerOf(argument).acceptAnswer(argument.sdp, argument.fingerprint)),
	"peer.addCandidate": async (argument) => void (await peerOf(argument).addCandidate(argument.candidate)),
	"peer.release": (argument) => void peerOf(argument).release(),
	"peer.close": async ({ peer }) => void (await opened().closePeer(peer)),
	"peer.stats": (argument) => peerOf(argument).stats(),
};

async function handle(message: ToEngine): Promise<void> {
	const handler = handlers[message.method] as (argument: unknown) => unknown;
	try {
		send({ t: "result", id: message.id, value: await handler(message.argument) });
	} catch (thrown) {
		send({ t: "error", id: message.id, error: toWire(thrown) });
	}
}

async function main(): Promise<void> {
	if (!process.send) {
		process.stderr.write(
			"This is the media engine of a room. It is started by the room program (device/main.ts) and speaks to it over a channel\n" +
				"that a terminal does not have. To see it at work: npm start\n",
		);
		process.exitCode = 2;
		return;
	}
	// Whatever happens to the room program: without it nobody may see or hear this room.
	onParentGone(() => process.exit(0));
	process.on("uncaughtException", (error) => {
		log.write("error", "error.unexpected", { code: toWire(error).code });
		process.exit(1);
	});
	process.on("SIGINT", () => undefined);
	try {
		const { native } = await import("./gst/native.ts");
		native();
	} catch (thrown) {
		send({ t: "fatal", error: toWire(thrown) });
		process.exitCode = 1;
		process.disconnect?.();
		return;
	}
	process.on("message", (message: ToEngine) => void handle(message));
	send({ t: "ready" });
}

await main();
