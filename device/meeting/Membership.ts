import type { RendezvousErrorCode } from "../../provisioning/contract/rendezvous.ts";
import { RoomError } from "../core/RoomError.ts";
import { randomBytes, toBase64url } from "./bytes.ts";
import { Inbox } from "./Inbox.ts";
import type { Kind } from "./identity.ts";
import { type Link, rendezvousUrl } from "./link.ts";
import { helloCard, MEETING_VERSION, parseMessage } from "./messages.ts";
import type { IceServer } from "./Peer.ts";
import { RendezvousClient, type RendezvousEvents, type RendezvousOptions } from "./RendezvousClient.ts";
import { Seal } from "./sealing.ts";

export interface FarMember {
	/** Its address at the rendezvous, which changes when it reconnects. */
	id: string;
	kind: Kind;
	/** Stays the same over reconnects. */
	instance: string;
	/** Whether it was there before us. */
	cameBefore: boolean;
}

/** Told in order, one after the other; the next is told when the promise is settled. */
export interface MembershipHandler {
	/** Connected or not to the rendezvous. */
	connection(connected: boolean): void;
	/** A member that holds the link is there (again). */
	present(far: FarMember): void;
	/** Nobody else is there: right after joining, or because the other left. */
	nobody(): void;
	message(jws: string): Promise<void>;
	/** The other's card is of an unknown version. */
	unknownVersion(): void;
	refused(code: RendezvousErrorCode): void;
}

type Item =
	| { what: "joined"; event: RendezvousEvents["joined"] }
	| { what: "member"; event: RendezvousEvents["member"] }
	| { what: "left"; event: RendezvousEvents["left"] }
	| { what: "message"; event: RendezvousEvents["message"] };

const MOST_WAITING = 256;
const REMEMBERED_FRAMES = 1024;

/** One member's place in a meeting: who else is there, and sealed messages to and fro. Knows nothing of calls. */
export class Membership {
	/** 16 random bytes, base64url: this stay in the meeting. */
	readonly instance = toBase64url(randomBytes(16));
	readonly counters = { wrongSeal: 0, repeated: 0, notForUs: 0 };
	#ice: IceServer[] = [];
	#far: FarMember | null = null;
	#client: RendezvousClient | null = null;
	#seal: Seal | null = null;
	#closed = false;
	readonly #inbox: Inbox<Item>;
	readonly #recent = new Set<string>();
	readonly #options: { link: Link; kind: Kind; rendezvous: Pick<RendezvousOptions, "clock" | "WebSocket" | "random"> };
	readonly #handler: MembershipHandler;

	constructor(options: {
		link: Link;
		kind: Kind;
		rendezvous: Pick<RendezvousOptions, "clock" | "WebSocket" | "random">;
		handler: MembershipHandler;
	}) {
		this.#options = options;
		this.#handler = options.handler;
		this.#inbox = new Inbox({ most: MOST_WAITING, handle: (item) => this.#handle(item) });
	}

	/** STUN and TURN servers as of the last joining. */
	get iceServers(): IceServer[] {
		return this.#ice;
	}

	/** Messages lost to a burst. */
	get overflow(): number {
		return this.#inbox.dropped;
	}

	get dropped(): Readonly<RendezvousClient["counters"]> {
		return this.#client?.counters ?? { malformed: 0, oversize: 0, reported: 0 };
	}

	async start(): Promise<void> {
		const { link, kind, rendezvous } = this.#options;
		this.#seal = await Seal.create(link.secret, link.meetingId);
		const card = JSON.stringify({ v: MEETING_VERSION, kind, instance: this.instance });
		const hello = await this.#seal.seal({ hello: true }, card);
		if (this.#closed) return;
		const client = new RendezvousClient({ url: rendezvousUrl(link), meetingId: link.meetingId, hello, ...rendezvous });
		this.#client = client;
		client.events.on("connection", ({ state }) => this.#handler.connection(state === "joined"));
		client.events.on("refused", ({ code }) => this.#handler.refused(code));
		client.events.on("joined", (event) => this.#pushPresence({ what: "joined", event }));
		client.events.on("member", (event) => this.#pushPresence({ what: "member", event }));
		client.events.on("left", (event) => this.#pushPresence({ what: "left", event }));
		client.events.on("message", (event) => this.#inbox.push({ what: "message", event }));
		client.start();
	}

	/** Seals and sends to the other member. False where nobody is there, or we aren't. */
	async send(jws: string): Promise<boolean> {
		return (await this.prepare(jws))();
	}

	/** Seals now, to be sent at a moment that can't wait: a page that is being closed has no time for it. */
	async prepare(jws: string): Promise<() => boolean> {
		const { id: to } = this.#far ?? {};
		const from = this.#client?.you;
		if (!this.#seal || !to || !from) return () => false;
		const sealed = await this.#seal.seal({ from, to }, jws);
		return () => this.#client?.you === from && this.#client.send(to, sealed);
	}

	/** Finds out soon whether the connection still works. */
	probe(): void {
		this.#client?.probe();
	}

	close(): void {
		this.#closed = true;
		this.#inbox.stop();
		this.#client?.close();
	}

	/** What is known of presence would be wrong from here on if one of these were dropped: then it is learnt afresh. */
	#pushPresence(item: Item): void {
		if (!this.#inbox.push(item) && !this.#closed) this.#client?.reconnect();
	}

	async #handle(item: Item): Promise<void> {
		if (item.what === "message") return this.#message(item.event);
		if (item.what === "joined") {
			this.#ice = item.event.ice.map(iceServerOf);
			this.#recent.clear();
			this.#far = null;
			for (const member of item.event.members) await this.#arrived(member, true);
			if (!this.#far) this.#handler.nobody();
		} else if (item.what === "member") {
			await this.#arrived(item.event, false);
		} else if (this.#far?.id === item.event.id) {
			this.#far = null;
			this.#handler.nobody();
		}
	}

	async #arrived(member: { id: string; hello: string }, cameBefore: boolean): Promise<void> {
		try {
			const text = await this.#seal?.open({ hello: true }, member.hello);
			const card = parseMessage(helloCard, parseJson(text));
			// Our own card sent back, or our own old connection.
			if (this.#closed || card.instance === this.instance) return;
			this.#far = { id: member.id, kind: card.kind, instance: card.instance, cameBefore };
			this.#handler.present(this.#far);
		} catch (error) {
			if (error instanceof RoomError && error.code === "call.version_unknown") this.#handler.unknownVersion();
			// Someone who doesn't hold the link's secret is nobody.
			else this.counters.wrongSeal += 1;
		}
	}

	async #message({ from, to, sealed }: RendezvousEvents["message"]): Promise<void> {
		if (from !== this.#far?.id) {
			this.counters.notForUs += 1;
			return;
		}
		// Nonces are random, so equal beginnings are the same frame again.
		const nonce = sealed.slice(0, 16);
		if (this.#recent.has(nonce)) {
			this.counters.repeated += 1;
			return;
		}
		const jws = await this.#seal?.open({ from, to }, sealed).catch(() => null);
		if (this.#closed) return;
		if (typeof jws !== "string") {
			this.counters.wrongSeal += 1;
			return;
		}
		this.#remember(nonce);
		await this.#handler.message(jws);
	}

	#remember(nonce: string): void {
		this.#recent.add(nonce);
		if (this.#recent.size <= REMEMBERED_FRAMES) return;
		for (const oldest of this.#recent) {
			this.#recent.delete(oldest);
			break;
		}
	}
}

/** Optional fields are left out, as browsers want it, and so are addresses that are no STUN or TURN server's (RFC 7064, RFC 7065). */
function iceServerOf({ urls, username, credential }: RendezvousEvents["joined"]["ice"][number]): IceServer {
	return {
		urls: urls.filter((url) => /^(?:stun|turn)s?:/.test(url)),
		...(username === undefined ? {} : { username }),
		...(credential === undefined ? {} : { credential }),
	};
}

function parseJson(text: string | undefined): unknown {
	try {
		return JSON.parse(text ?? "");
	} catch {
		return null;
	}
}
