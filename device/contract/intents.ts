import * as z from "zod/mini";
import { locale } from "./snapshot.ts";

const speed = z.number().check(z.gte(-1), z.lte(1));
/** One thumb's hold, from touch to release; made up by the page. */
const hold = z.string().check(z.minLength(1), z.maxLength(32));
const preset = z.number().check(z.int(), z.gte(0), z.lte(255));

/** What a touch on the panel may ask for. Each is one gesture of a person in this room. */
export const intent = z.discriminatedUnion("type", [
	z.object({ type: z.literal("panel.join"), entry: z.string().check(z.maxLength(256)) }),
	/** Joins by a link that was typed or scanned at the panel. */
	z.object({ type: z.literal("panel.join_link"), link: z.string().check(z.maxLength(512)) }),
	z.object({ type: z.literal("panel.meet_now") }),
	/** Somebody looks at the rooms that can be called: for the next minute it is wanted who of them is there. */
	z.object({ type: z.literal("panel.look") }),
	z.object({ type: z.literal("panel.call"), room: z.string().check(z.maxLength(64)) }),
	z.object({ type: z.literal("panel.cancel") }),
	z.object({ type: z.literal("panel.answer"), camera: z.boolean() }),
	z.object({ type: z.literal("panel.decline") }),
	z.object({ type: z.literal("panel.leave") }),
	z.object({ type: z.literal("panel.microphone"), on: z.boolean() }),
	z.object({ type: z.literal("panel.camera"), on: z.boolean() }),
	z.object({ type: z.literal("panel.volume"), level: z.number().check(z.gte(0), z.lte(100)) }),
	z.object({ type: z.literal("panel.self_view"), on: z.boolean() }),
	z.object({ type: z.literal("panel.compare"), same: z.boolean() }),
	z.object({ type: z.literal("panel.dismiss") }),
	z.object({ type: z.literal("panel.retry") }),
	z.object({ type: z.literal("panel.locale"), locale }),
	/** A code of the fleet, typed, pasted or scanned at an unclaimed device. A secret. */
	z.object({ type: z.literal("panel.enrol"), code: z.string().check(z.maxLength(64)) }),
	/**
	 * Turns the camera while a thumb holds: to the right, upwards, in, each -1 to 1. Said again at least each 300 ms while it holds, since
	 * a hold that is not heard of for a second has ended.
	 */
	z.object({ type: z.literal("panel.camera_move"), hold, pan: speed, tilt: speed, zoom: speed }),
	/** The thumb let go. Another hold, which began later, goes on. */
	z.object({ type: z.literal("panel.camera_stop"), hold }),
	z.object({ type: z.literal("panel.camera_home") }),
	z.object({ type: z.literal("panel.camera_tracking"), on: z.boolean() }),
	z.object({ type: z.literal("panel.preset_recall"), number: preset }),
	/** Keeps where the camera looks now, with a picture of what it sees. */
	z.object({ type: z.literal("panel.preset_store"), number: preset }),
	/** Lets the far end of this call turn the camera, or no longer. */
	z.object({ type: z.literal("panel.far_control"), on: z.boolean() }),
	z.object({ type: z.literal("panel.display_power"), on: z.boolean() }),
	z.object({ type: z.literal("panel.display_volume"), level: z.number().check(z.gte(0), z.lte(100)) }),
	/** Held, not touched: installs this version, which a stick brings. */
	z.object({ type: z.literal("panel.install_stick"), version: z.string().check(z.maxLength(60)) }),
	/** Saves the support bundle onto the stick that is plugged in. */
	z.object({ type: z.literal("panel.save_support") }),
	/** Held twice: this device forgets everything, and starts as nobody's. */
	z.object({ type: z.literal("panel.factory_reset") }),
	/** Lets a waiting update happen now, or not before it has to. */
	z.object({ type: z.literal("panel.update"), now: z.boolean() }),
]);
export type Intent = z.infer<typeof intent>;
export type IntentType = Intent["type"];

/** Panel → device. `id` comes back in `ack` or `refused`, at once. */
export const panelFrame = z.discriminatedUnion("t", [
	z.object({ t: z.literal("intent"), id: z.number(), intent }),
	z.object({ t: z.literal("pong") }),
	/** What the first snapshot of this connection shows is on the screen: a page that runs behind a dead compositor never says it. */
	z.object({ t: z.literal("painted") }),
]);
export type PanelFrame = z.infer<typeof panelFrame>;
