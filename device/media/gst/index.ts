/**
 * The room's GStreamer binding: gst-kit's documented API, and signals, promises, bus stream, dynamic bins, counters, devices and the
 * fingerprint gate on top. Nothing here blocks the JavaScript thread or libuv's pool.
 */
export { AppSink } from "./AppSink.ts";
export { AppSrc } from "./AppSrc.ts";
export { type AnyElement, Bin } from "./Bin.ts";
export { BufferCounter } from "./BufferCounter.ts";
export { Device, type DeviceFilter, DeviceMonitor } from "./DeviceMonitor.ts";
export { Element, type ElementType } from "./Element.ts";
export { GstObject } from "./GstObject.ts";
export { Pad } from "./Pad.ts";
export { Pipeline } from "./Pipeline.ts";
export { type FactoryInfo, gstVersion, listFactories, liveObjects, releaseMemory, setRank } from "./registry.ts";
export * from "./values.ts";
export { type GateCounters, type GateState, WebrtcGate } from "./WebrtcGate.ts";
