import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { RoomError } from "../../core/RoomError.ts";
import type {
	BufferCounts,
	BufferData,
	BusMessage,
	Disconnect,
	GstInput,
	GstSample,
	GstValue,
	PadInfo,
	PropertyResult,
	State,
	StateChangeResult,
	Structure,
} from "./values.ts";

/** What a native object is; decides its TypeScript class. */
export type Kind = "pipeline" | "bin" | "element" | "app-sink" | "app-src" | "pad" | "device" | "object";

/** A counted reference to one GObject. Everything below takes handles; a disposed one throws `media.gst_disposed`. */
export interface Handle {
	readonly kind: Kind;
	readonly name: string;
	readonly typeName: string;
	readonly disposed: boolean;
	/** Drops the reference and every signal connection made through it. */
	dispose(): void;
}

export interface NativeGate {
	readonly certificateSha256: Buffer;
	expect(sha256: Uint8Array): void;
	release(): void;
	state(): "waiting" | "open" | "refused";
	counters(): Record<"sent" | "received" | "data", { passed: number; dropped: number }>;
	onChange(listener: (state: "open" | "refused") => void): Disconnect;
	dispose(): void;
}

export interface FactoryInfo {
	name: string;
	longName: string;
	/** For example `Codec/Encoder/Video/Hardware`. */
	klass: string;
	rank: number;
	plugin: string;
	licence: string;
}

export interface DeviceInfo {
	handle: Handle;
	displayName: string;
	deviceClass: string;
	/** Caps string, null where the device tells none. */
	caps: string | null;
	properties: Structure;
}

export interface NativeMonitor {
	start(): Promise<boolean>;
	devices(): DeviceInfo[];
	dispose(): Promise<void>;
}

/** The addon's functions, one for one. Internal to this folder. */
export interface NativeAddon {
	init(hooks: { RoomError: typeof RoomError; wrap: (handle: Handle) => unknown }): void;
	readonly version: string;
	readonly sanitized: boolean;
	liveObjects(): number;

	parsePipeline(description: string): Handle;
	emptyPipeline(name: string | undefined): Handle;
	parseBin(description: string, name: string | undefined, ghost: boolean): Handle;
	makeElement(factory: string, name: string | undefined): Handle;
	elementExists(factory: string): boolean;
	listFactories(): FactoryInfo[];
	setRank(factory: string, rank: number): boolean;

	same(a: Handle, b: Handle): boolean;
	getProperty(object: Handle, name: string): GstValue;
	getElementProperty(object: Handle, name: string): PropertyResult;
	hasProperty(object: Handle, name: string): boolean;
	setProperty(object: Handle, name: string, value: GstInput): void;
	connect(object: Handle, signal: string, listener: (...args: GstValue[]) => void): Disconnect;
	emit(object: Handle, signal: string, args: readonly GstInput[]): GstValue;
	request(object: Handle, signal: string, args: readonly GstInput[]): Promise<Structure | undefined>;

	setState(element: Handle, state: State, timeoutMs: number): Promise<StateChangeResult>;
	getState(element: Handle): { state: number; pending: number };
	syncStateWithParent(element: Handle): boolean;
	setLockedState(element: Handle, locked: boolean): void;
	factoryName(element: Handle): string | null;
	parent(object: Handle): GstValue;
	pads(element: Handle): GstValue[];
	staticPad(element: Handle, name: string): GstValue;
	padInfo(element: Handle, name: string): PadInfo | null;
	requestPad(element: Handle, template: string): GstValue;
	releasePad(element: Handle, pad: Handle): void;
	setPad(element: Handle, property: string, padName: string): void;
	addPadProbe(element: Handle, padName: string, listener: (data: BufferData) => void): Disconnect;
	linkElements(a: Handle, srcPad: string | undefined, b: Handle, sinkPad: string | undefined, caps?: string): void;
	unlinkElements(a: Handle, b: Handle): void;
	queryTime(element: Handle, what: "position" | "duration"): number;
	seek(element: Handle, seconds: number): boolean;
	sendEos(object: Handle): boolean;
	padCapLatency(pad: Handle, ms: number): void;
	padDropUntimed(pad: Handle): void;
	forceKeyUnit(object: Handle, upstream: boolean): boolean;
	sendCustomEvent(
		object: Handle,
		name: string,
		fields: { readonly [field: string]: GstInput },
		upstream: boolean,
	): boolean;

	binChild(bin: Handle, name: string): GstValue;
	binElements(bin: Handle, recursive: boolean): GstValue[];
	binAdd(bin: Handle, element: Handle): void;
	binRemove(bin: Handle, element: Handle): void;
	binRemoveSafely(bin: Handle, element: Handle): Promise<void>;
	binDot(bin: Handle): string;
	recalculateLatency(bin: Handle): boolean;
	disposePipeline(pipeline: Handle): Promise<void>;

	busOpen(pipeline: Handle, wake: () => void): void;
	busPop(pipeline: Handle): BusMessage | null;
	busFilter(pipeline: Handle, types: readonly string[] | null, quiet: readonly string[]): void;

	padDirection(pad: Handle): "src" | "sink" | "unknown";
	padCaps(pad: Handle, which: "current" | "allowed" | "query"): string | null;
	padPeer(pad: Handle): GstValue;
	padLink(src: Handle, sink: Handle): void;
	padUnlink(src: Handle): boolean;
	padBlock(pad: Handle): Promise<void>;
	padUnblock(pad: Handle): boolean;
	padBlocked(pad: Handle): boolean;
	padCount(pad: Handle): { counts(): BufferCounts; dispose(): void };

	sinkOpen(sink: Handle, wake: () => void): void;
	sinkPull(sink: Handle): GstSample | null;
	sinkEnded(sink: Handle): boolean;
	sourcePush(source: Handle, data: Uint8Array, pts: number | Uint8Array | undefined): void;
	sourceEnd(source: Handle): void;

	releaseMemory(): Promise<void>;

	gateOf(webrtcbin: Handle): NativeGate;
	deviceMonitor(
		filters: readonly { classes: string; caps?: string }[],
		listener: (event: "added" | "removed" | "changed", device: DeviceInfo) => void,
	): NativeMonitor;
	deviceElement(device: Handle, name: string | undefined): GstValue;
}

type Wrapper = (handle: Handle) => unknown;
const wrappers = new Map<Kind, Wrapper>();

/** Each class of this folder names here how its kind is wrapped, so that no module needs to import all others. */
export function wrapKind(kind: Kind, wrapper: Wrapper): void {
	wrappers.set(kind, wrapper);
}

let addon: NativeAddon | undefined;

/** Folder of the built variant: `release`, or what INCAMERA_NATIVE names (`sanitize`). */
export function nativePath(variant = process.env.INCAMERA_NATIVE ?? "release"): string {
	return fileURLToPath(new URL(`../../../build/native/${variant}/incamera_gst.node`, import.meta.url));
}

/**
 * The addon, loaded at first use.
 * @throws RoomError `media.native_missing` when it was not built, `media.native_unloadable` when the loader refuses it.
 */
export function native(): NativeAddon {
	if (addon) return addon;
	const variant = process.env.INCAMERA_NATIVE ?? "release";
	if (!/^[a-z]+$/.test(variant)) {
		throw new RoomError("media.native_missing", "INCAMERA_NATIVE names a build variant: release or sanitize.");
	}
	const path = nativePath(variant);
	if (!existsSync(path)) {
		throw new RoomError(
			"media.native_missing",
			`The native media binding is not built. Run: make -C device/media/native VARIANT=${variant}`,
			{ context: { variant } },
		);
	}
	try {
		const loaded = createRequire(import.meta.url)(path) as NativeAddon;
		loaded.init({
			RoomError,
			wrap: (handle) => (wrappers.get(handle.kind) ?? wrappers.get("object"))?.(handle) ?? handle,
		});
		addon = loaded;
		return loaded;
	} catch (cause) {
		throw new RoomError(
			"media.native_unloadable",
			"The native media binding does not load: a GStreamer library is missing or it was built for another system. Rebuild it with make -C device/media/native clean all",
			{ context: { variant }, cause },
		);
	}
}
