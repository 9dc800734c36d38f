import { RENDEZVOUS_PATH } from "../../provisioning/contract/rendezvous.ts";
import { systemClock } from "../core/clock.ts";
import { RoomError } from "../core/RoomError.ts";
import { toBase64url } from "../meeting/bytes.ts";
import type { IceServer } from "../meeting/Peer.ts";
import { RendezvousClient } from "../meeting/RendezvousClient.ts";

/** The ICE servers that a rendezvous hands out: joins a meeting of its own that nobody else knows, and leaves it. */
export function iceServersOf(rendezvous: string, signal: AbortSignal): Promise<IceServer[]> {
	const random = (bytes: number) => toBase64url(crypto.getRandomValues(new Uint8Array(bytes)));
	const client = new RendezvousClient({
		url: rendezvous.replace(/^http/, "ws").replace(/\/$/, "") + RENDEZVOUS_PATH,
		meetingId: random(16),
		hello: random(48),
		clock: systemClock,
	});
	return new Promise<IceServer[]>((resolve, reject) => {
		const unreachable = () => reject(new RoomError("rendezvous.unreachable", "the rendezvous does not answer"));
		client.events.on("joined", ({ ice }) =>
			resolve(
				ice.map(({ urls, username, credential }) => ({
					urls,
					...(username ? { username } : {}),
					...(credential ? { credential } : {}),
				})),
			),
		);
		client.events.on("refused", unreachable);
		client.events.on("connection", ({ state }) => state === "waiting" && unreachable());
		signal.addEventListener("abort", unreachable);
		client.start();
	}).finally(() => client.close());
}
