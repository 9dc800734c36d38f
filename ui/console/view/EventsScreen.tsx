import { useEffect, useMemo, useState } from "preact/hooks";
import type { Event } from "../../../provisioning/contract/http/shapes.ts";
import { type EventType, eventType } from "../../../provisioning/contract/topics.ts";
import { Button } from "../../kit/controls/Button.tsx";
import { EventFeed, type EventTime, eventTimes } from "../model/EventFeed.ts";
import type { Rooms } from "../model/Rooms.ts";
import { writePlace } from "../model/route.ts";
import type { ConsoleWords } from "../words/ConsoleWords.ts";
import { EventDetail, EventName } from "./EventLine.tsx";
import { Choice, Field } from "./Field.tsx";
import { OlderButton } from "./OlderButton.tsx";
import { clock, dayOf, moment, shortMoment, timeOfDay } from "./roomWords.ts";
import type { ScreenProps } from "./ScreenProps.ts";
import { TroubleLine } from "./TroubleLine.tsx";

/** Beyond that an event is said to have come late, milliseconds: its room was offline, or its clock is wrong. */
const LATE_MS = 2 * 60_000;
/** Names that are suggested at once. */
const SUGGESTIONS = 50;

/** What all rooms told, or one of them. */
export function EventsScreen({ model, say, room }: ScreenProps & { room: string | undefined }) {
	const [type, setType] = useState<EventType | "all">("all");
	const [time, setTime] = useState<EventTime>("month");
	const feed = useMemo(() => {
		const { client, live } = model;
		return new EventFeed({ client, live, room, type: type === "all" ? undefined : type, time });
	}, [model, room, type, time]);
	useEffect(() => feed.open(), [feed]);
	const shown = feed.shown.value;
	const { events, more } = feed.fresh.value;
	return (
		<section class="events-screen" aria-labelledby="events-title">
			<header class="head">
				<h1 id="events-title">{say.fleetEvents.title}</h1>
			</header>
			<div class="filters">
				<Choice
					label={say.fleetEvents.kind}
					value={type}
					options={[
						{ value: "all", text: say.fleetEvents.everyKind },
						...eventType.options.map((value) => ({ value, text: say.events[value] })),
					]}
					onChange={setType}
				/>
				<RoomField
					rooms={model.rooms}
					say={say}
					room={room}
					onRoom={(id) => model.go({ name: "events", ...(id === undefined ? {} : { room: id }) })}
				/>
				<Choice
					label={say.fleetEvents.time}
					value={time}
					options={eventTimes.map((value) => ({ value, text: say.fleetEvents.times[value] }))}
					onChange={setTime}
				/>
			</div>
			<TroubleLine trouble={feed.trouble.value} say={say} />
			<div class="fresh" role="status">
				{events.length > 0 ? (
					<Button
						kind="primary"
						onPress={() => {
							feed.show();
							scrollTo(0, 0);
						}}
					>
						{say.fleetEvents.fresh(events.length, more)}
					</Button>
				) : null}
			</div>
			{shown === null ? (
				<p class="muted">{say.loading}</p>
			) : shown.length === 0 ? (
				<p class="empty">{say.fleetEvents.none}</p>
			) : (
				<EventTable events={shown} say={say} />
			)}
			{feed.next.value ? <OlderButton say={say} onPress={() => model.perform(() => feed.older())} /> : null}
		</section>
	);
}

interface RoomFieldProps {
	rooms: Rooms;
	say: ConsoleWords;
	room: string | undefined;
	/** Undefined: all. */
	onRoom: (id: string | undefined) => void;
}

/** A room by its name, with suggestions; what was typed so far and is no room's name changes nothing yet. */
function RoomField({ rooms, say, room, onRoom }: RoomFieldProps) {
	const called = rooms.called.value;
	const known = useMemo(() => {
		for (const [name, id] of called) if (id === room) return name;
		// one that left the fleet
		return room ?? "";
	}, [called, room]);
	const [text, setText] = useState(known);
	useEffect(() => setText(known), [known]);
	const wanted = text.trim().toLowerCase();
	const suggestions = [...called.keys()].filter((name) => name.toLowerCase().includes(wanted)).slice(0, SUGGESTIONS);
	return (
		<Field
			label={say.fleetEvents.room}
			type="search"
			value={text}
			placeholder={say.fleetEvents.everyRoom}
			suggestions={suggestions}
			{...(text === known ? {} : { hint: say.fleetEvents.chooseRoom })}
			onInput={(value) => {
				setText(value);
				const id = called.get(value.trim());
				if (id !== undefined || value.trim() === "") onRoom(id);
			}}
		/>
	);
}

/** By days on which they arrived. */
function EventTable({ events, say }: { events: readonly Event[]; say: ConsoleWords }) {
	const days = Map.groupBy(events, ({ receivedAt }) => dayOf(receivedAt, say.locale));
	return (
		<div class="card scroll">
			<table class="events">
				<thead>
					<tr>
						<th scope="col">{say.fleetEvents.time}</th>
						<th scope="col">{say.fleetEvents.room}</th>
						<th scope="col">{say.fleetEvents.kind}</th>
						<th scope="col">{say.audit.detail}</th>
					</tr>
				</thead>
				{[...days].map(([day, told]) => (
					<tbody key={day}>
						<tr>
							<th class="day" scope="rowgroup" colSpan={4}>
								{day}
							</th>
						</tr>
						{told.map((event) => (
							<tr key={event.id}>
								<td>
									<When event={event} say={say} />
								</td>
								<td>
									<a href={writePlace({ name: "room", id: event.device })}>{event.name}</a>
								</td>
								<td>
									<EventName event={event} say={say} />
								</td>
								<td>
									<EventDetail event={event} say={say} />
								</td>
							</tr>
						))}
					</tbody>
				))}
			</table>
		</div>
	);
}

/** When it happened; of what came late also when it was heard. */
function When({ event: { at, receivedAt }, say }: { event: Event; say: ConsoleWords }) {
	const { locale } = say;
	const receivedMs = Date.parse(receivedAt);
	const late = Math.abs(receivedMs - Date.parse(at)) > LATE_MS;
	const sameDay = dayOf(at, locale) === dayOf(receivedAt, locale);
	return (
		<>
			<time dateTime={at} title={moment(at, locale)}>
				{sameDay ? timeOfDay(at, locale) : `${shortMoment(at, locale, receivedMs)} ${clock(Date.parse(at), locale)}`}
			</time>
			{late ? <small class="muted">{say.fleetEvents.heard(timeOfDay(receivedAt, locale))}</small> : null}
		</>
	);
}
