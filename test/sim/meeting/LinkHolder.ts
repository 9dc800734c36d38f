import type { Clock } from "../../../device/core/clock.ts";
import { randomBytes, toBase64url } from "../../../device/meeting/bytes.ts";
import { type HandshakeContext, makeOffer, type SentOffer } from "../../../device/meeting/handshake.ts";
import { createGuestIdentity, type Kind, type OwnIdentity, type Trust } from "../../../device/meeting/identity.ts";
import type { Link } from "../../../device/meeting/link.ts";
import { rendezvousUrl } from "../../../device/meeting/link.ts";
import { RendezvousClient } from "../../../device/meeting/RendezvousClient.ts";
import { ReplayCache } from "../../../device/meeting/ReplayCache.ts";
import { Seal } from "../../../device/meeting/sealing.ts";

export interface LinkHolderOptions {
	link: Link;
	clock: Clock;
	trust: Trust;
	kind?: Kind;
	identity?: OwnIdentity;
	/** Shown instead of a good card. */
	card?: unknown;
	/** As the other one at another rendezvous. */
	url?: string;
}

/** Somebody who holds the link and speaks the handshake by hand: says what a test wants, true or not. */
export class LinkHolder {
	/** Everything that was said to us, opened. */
	readonly heard: string[] = [];
	readonly context: HandshakeContext;
	readonly #client: RendezvousClient;
	readonly #seal: Seal;
	#other: string | null = null;

	private constructor(client: RendezvousClient, seal: Seal, context: HandshakeContext) {
		this.#client = client;
		this.#seal = seal;
		this.context = context;
		client.events.on("joined", ({ members }) => {
			this.#other = members[0]?.id ?? null;
		});
		client.events.on("member", ({ id }) => {
			this.#other = id;
		});
		client.events.on("message", async ({ from, to, sealed }) => {
			this.heard.push(await seal.open({ from, to }, sealed));
		});
		client.start();
	}

	static async join(options: LinkHolderOptions): Promise<LinkHolder> {
		const { link, clock, kind = "guest", trust } = options;
		const seal = await Seal.create(link.secret, link.meetingId);
		const card = options.card ?? { v: 1, kind, instance: toBase64url(randomBytes(16)) };
		const hello = await seal.seal({ hello: true }, JSON.stringify(card));
		const url = options.url ?? rendezvousUrl(link);
		return new LinkHolder(new RendezvousClient({ url, meetingId: link.meetingId, hello, clock }), seal, {
			identity: options.identity ?? (await createGuestIdentity()),
			name: "Mallory",
			trust,
			clock,
			replays: new ReplayCache({ clock }),
			farKind: "room",
			pinned: null,
		});
	}

	/** Whether the other member is there. */
	get ready(): boolean {
		return this.#other !== null && this.#client.you !== null;
	}

	/** Between which addresses its messages go. */
	get route(): { from: string; to: string } {
		return { from: this.#client.you ?? "", to: this.#other ?? "" };
	}

	async say(jws: string): Promise<void> {
		const { route } = this;
		this.#client.send(route.to, await this.#seal.seal(route, jws));
	}

	/** Sends something that nobody sealed for this route. */
	saySealed(sealed: string): void {
		this.#client.send(this.#other ?? "", sealed);
	}

	async offer(sdp: string): Promise<SentOffer> {
		const sent = await makeOffer(this.context, sdp);
		await this.say(sent.jws);
		return sent;
	}

	close(): void {
		this.#client.close();
	}
}
