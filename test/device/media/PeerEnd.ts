import { farAudioBetween } from "../../../device/media/audio.ts";
import { GstPeer } from "../../../device/media/GstPeer.ts";
import { Bin, type Element, Pipeline } from "../../../device/media/gst/index.ts";
import { Hub } from "../../../device/media/Hub.ts";
import type { Candidate } from "../../../device/meeting/Peer.ts";
import { fingerprintOf } from "./engines.ts";

/** Hertz of one of the spectrum's bands. */
const bandHertz = 10;
/** What is weaker is silence, dB. */
const silenceDb = -60;

/** One end of a call in this process: a microphone that is a launch line, and an ear behind the far end's sound. */
export class PeerEnd {
	readonly pipeline: Pipeline;
	readonly peer: GstPeer;
	#pitch = 0;

	/** @param sound Launch line of a live source of mono S16LE at 48 kHz. */
	static async start(sound: string): Promise<PeerEnd> {
		const end = new PeerEnd();
		await end.pipeline.play(0);
		const { hubs } = end.#around;
		hubs.farAudio.addUser(
			Bin.parse(
				`audioconvert ! audioresample ! audio/x-raw,rate=48000 ! spectrum bands=${24_000 / bandHertz} threshold=-90 interval=100000000 ! fakesink async=false sync=false`,
			),
		);
		const microphone = Bin.parse(sound);
		hubs.microphone.addSource(microphone);
		microphone.syncStateWithParent();
		return end;
	}

	readonly #around: ConstructorParameters<typeof GstPeer>[0];

	private constructor() {
		const hubs = ["camera", "microphone", "far-video"].map((name) => Hub.description(name));
		this.pipeline = new Pipeline([...hubs, Hub.description("far-audio", farAudioBetween)].join("  "));
		const hub = (name: string): Hub => new Hub(this.pipeline, name);
		this.#around = {
			pipeline: this.pipeline,
			hubs: {
				camera: hub("camera"),
				microphone: hub("microphone"),
				farVideo: hub("far-video"),
				farAudio: hub("far-audio"),
			},
			iceServers: [],
			onFarPicture: () => undefined,
		};
		this.pipeline.onMessage(
			({ type, structure, structureName }) => {
				if (type === "latency") this.pipeline.recalculateLatency();
				if (structureName === "spectrum") this.#pitch = loudest(structure?.["magnitude"]);
			},
			["element", "latency"],
		);
		this.peer = new GstPeer(this.#around);
	}

	/** Hertz of what is loudest in the far end's sound now, to 10 Hz; 0: silence. */
	get pitch(): number {
		return this.#pitch;
	}

	/** The first element of a kind in this end's pipeline. */
	element(factory: string): Element | null {
		return this.pipeline.elements({ recursive: true }).find((element) => element.factory === factory) ?? null;
	}

	async close(): Promise<void> {
		await this.peer.close();
		await this.pipeline.dispose();
	}
}

function loudest(magnitudes: unknown): number {
	if (!Array.isArray(magnitudes)) return 0;
	const strongest = Math.max(...(magnitudes as number[]));
	return strongest < silenceDb ? 0 : magnitudes.indexOf(strongest) * bandHertz;
}

/**
 * Joins two ends without a meeting between them.
 * @param onTheWay Alters what the offerer is told of where the answerer is; null: kept back. With it the answerer is told nothing.
 */
export async function joinEnds(
	one: PeerEnd,
	other: PeerEnd,
	onTheWay?: (candidate: Candidate) => Promise<Candidate | null>,
): Promise<void> {
	const [a, b] = [one.peer, other.peer];
	const described = Promise.withResolvers<void>();
	a.events.on("candidate", async (candidate) => {
		await described.promise;
		if (!onTheWay) await b.addCandidate(candidate);
	});
	b.events.on("candidate", async (candidate) => {
		await described.promise;
		const told = onTheWay ? await onTheWay(candidate) : candidate;
		if (told) await a.addCandidate(told);
	});
	const offer = await a.createOffer();
	const answer = await b.acceptOffer(offer, fingerprintOf(offer));
	await a.acceptAnswer(answer, fingerprintOf(answer));
	described.resolve();
	for (const peer of [a, b]) peer.release();
}
