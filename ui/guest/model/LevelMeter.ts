import { type ReadonlySignal, type Signal, signal } from "@preact/signals";

const INTERVAL_MS = 80;
/** Quieter than this many decibels below full scale draws an empty meter. */
const FLOOR_DB = -60;

/** Measures how loud a track is, about twelve times a second, as 0–1 on a decibel scale: what the ear takes for even steps. */
export class LevelMeter {
	readonly #level: Signal<number> = signal(0);
	#context: AudioContext | null = null;
	#source: MediaStreamAudioSourceNode | null = null;
	#timer: ReturnType<typeof setInterval> | null = null;

	get level(): ReadonlySignal<number> {
		return this.#level;
	}

	/** Listens to another track, or to none; without one no audio context is held. */
	listen(track: MediaStreamTrack | null): void {
		this.#source?.disconnect();
		this.#source = null;
		if (this.#timer !== null) clearInterval(this.#timer);
		this.#timer = null;
		this.#level.value = 0;
		if (!track) {
			void this.#context?.close();
			this.#context = null;
			return;
		}
		const context = this.#context ?? new AudioContext();
		this.#context = context;
		// Safari's starts suspended where no touch led here.
		void context.resume();
		const analyser = new AnalyserNode(context, { fftSize: 1024 });
		const samples = new Float32Array(analyser.fftSize);
		this.#source = context.createMediaStreamSource(new MediaStream([track]));
		this.#source.connect(analyser);
		this.#timer = setInterval(() => {
			analyser.getFloatTimeDomainData(samples);
			let sum = 0;
			for (const sample of samples) sum += sample * sample;
			const decibels = 10 * Math.log10(sum / samples.length + 1e-12);
			this.#level.value = Math.min(1, Math.max(0, 1 - decibels / FLOOR_DB));
		}, INTERVAL_MS);
	}
}
