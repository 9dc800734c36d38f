import type { EventData } from "../../../provisioning/contract/events.ts";
import type { Device, Event } from "../../../provisioning/contract/http/shapes.ts";
import { words as kitWords } from "../../kit/i18n/languages.ts";
import { duration } from "../../kit/i18n/time.ts";
import type { ConsoleWords } from "../words/ConsoleWords.ts";

/** What an event says beside its name. */
interface EventText {
	text: string;
	/** To look up, where something went wrong. */
	code: string | null;
}

/** A code in words, if there are any: of the console, or of the room's and the guest's page. */
export function reasonOf(code: string, say: ConsoleWords): string | undefined {
	const own = (say.reasons as Record<string, string | undefined>)[code];
	const shared = (kitWords[say.locale].failures as Record<string, { title: string } | undefined>)[code];
	return own ?? shared?.title.replace(/\.$/, "");
}

/** How far a firmware is on its way to a room, and what it waits for. */
export function jobText({ state, reason }: NonNullable<Device["job"]>, say: ConsoleWords): string {
	return parts(say.jobStates[state], reason && (reasonOf(reason, say) ?? reason));
}

const parts = (...texts: (string | null | undefined)[]): string => texts.filter(Boolean).join(" · ");

export function eventText({ type, data }: Event, say: ConsoleWords): EventText {
	switch (type) {
		case "program.started": {
			const { program, version } = data as EventData[typeof type];
			return { text: `${say.fleetEvents.programs[program]} ${version}`, code: null };
		}
		case "call.ended": {
			const { seconds, reason } = data as EventData[typeof type];
			const isFailure = !Object.hasOwn(say.reasons, reason);
			return { text: parts(duration(seconds), reasonOf(reason, say)), code: isFailure ? reason : null };
		}
		case "device.changed": {
			const { kind, present } = data as EventData[typeof type];
			return { text: `${say.room.devices[kind]} ${present ? say.room.came : say.room.went}`, code: null };
		}
		case "peripheral.changed": {
			const { id, kind, state, failure } = data as EventData[typeof type];
			const why = failure ? reasonOf(failure, say) : null;
			return {
				text: parts(`${say.room.peripherals[kind]} ${id}`, say.room.peripheralStates[state], why),
				code: failure,
			};
		}
		case "trouble": {
			const { code, over } = data as EventData[typeof type];
			return { text: parts(reasonOf(code, say), over ? say.room.over : null), code };
		}
		case "engine.failed": {
			const { code, attempt } = data as EventData[typeof type];
			return { text: say.fleetEvents.attempt(attempt), code };
		}
		case "update.rolled_back": {
			const { version, reason } = data as EventData[typeof type];
			return { text: parts(version, reasonOf(reason, say)), code: reason };
		}
		case "device.reset":
			return { text: "", code: null };
	}
}

/** Whether somebody should look, or can be calm again. */
export function eventTone({ type, data }: Event): "calm" | "alarm" | "plain" {
	switch (type) {
		case "trouble":
			return (data as EventData[typeof type]).over ? "calm" : "alarm";
		case "device.changed":
			return (data as EventData[typeof type]).present ? "calm" : "alarm";
		case "peripheral.changed":
			return (data as EventData[typeof type]).state === "lost" ? "alarm" : "calm";
		case "engine.failed":
		case "update.rolled_back":
		case "device.reset":
			return "alarm";
		default:
			return "plain";
	}
}
