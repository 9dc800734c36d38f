import type { Intent } from "../contract/intents.ts";
import type { Snapshot } from "../contract/snapshot.ts";

/**
 * Whether a touch will be acted on now; otherwise the panel is told `panel.not_now`. It asks only the snapshot, that is, what the
 * person who touched could see.
 */
export function allowed(intent: Intent, { can, screen, agenda, directory, peripherals }: Snapshot): boolean {
	switch (intent.type) {
		case "panel.join":
			return can.join && agenda.entries.some((entry) => entry.id === intent.entry && entry.join);
		case "panel.join_link":
		case "panel.meet_now":
			// A typed link needs what a new meeting needs: a room that is free and an engine that runs.
			return can.meetNow;
		case "panel.call":
			return can.call && directory.some((room) => room.id === intent.room);
		case "panel.cancel":
			return can.cancel;
		case "panel.answer":
			return can.answer;
		case "panel.decline":
			return screen.name === "ringing-in";
		case "panel.leave":
			return can.leave;
		case "panel.microphone":
			// Less is always allowed inside a call, also of a source that is just now missing.
			return can.microphone || (!intent.on && (can.leave || can.cancel));
		case "panel.camera":
			return can.camera || (!intent.on && (can.leave || can.cancel));
		case "panel.compare":
			return can.compare;
		case "panel.dismiss":
			return can.dismiss;
		case "panel.retry":
			return can.retry;
		case "panel.camera_move":
		case "panel.camera_home":
		case "panel.camera_tracking":
		case "panel.preset_recall":
		case "panel.preset_store":
			return can.steer;
		// a stop is always allowed: what moves must be stoppable
		case "panel.camera_stop":
			return true;
		case "panel.far_control":
			return peripherals.camera?.farControl === !intent.on;
		case "panel.display_power":
		case "panel.display_volume":
			return can.display;
		case "panel.enrol":
			return can.enrol;
		case "panel.update":
			return can.update;
		case "panel.install_stick":
			return can.installStick;
		case "panel.save_support":
			return can.saveSupport;
		case "panel.factory_reset":
			return can.factoryReset;
		case "panel.look":
		case "panel.volume":
		case "panel.self_view":
		case "panel.locale":
			return true;
	}
}
