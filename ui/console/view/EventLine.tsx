import type { Event } from "../../../provisioning/contract/http/shapes.ts";
import type { ConsoleWords } from "../words/ConsoleWords.ts";
import { eventText, eventTone } from "./eventWords.ts";

interface Props {
	event: Event;
	say: ConsoleWords;
}

/** What happened, with the colour of whether somebody should look. */
export function EventName({ event, say }: Props) {
	return (
		<span class="event-name">
			<i class={`dot ${eventTone(event)}`} aria-hidden="true" />
			{say.events[event.type]}
		</span>
	);
}

/** What else is said of it: words for people, the code for whoever looks it up. */
export function EventDetail({ event, say }: Props) {
	const { text, code } = eventText(event, say);
	return (
		<>
			{text} {code ? <span class="code muted">{code}</span> : null}
		</>
	);
}
