import circle from "lucide:circle";
import type { Device } from "../../../provisioning/contract/http/shapes.ts";
import { Badge } from "../../kit/controls/Badge.tsx";
import { conditionOf } from "../model/Rooms.ts";
import { writePlace } from "../model/route.ts";
import { useLoaded } from "../model/useLoaded.ts";
import { EventDetail, EventName } from "./EventLine.tsx";
import { jobText } from "./eventWords.ts";
import { RoomActions } from "./RoomActions.tsx";
import { moment, nowOf, toneOf } from "./roomWords.ts";
import type { ScreenProps } from "./ScreenProps.ts";
import { TroubleLine } from "./TroubleLine.tsx";
import { TwinForm } from "./TwinForm.tsx";

/** One room: what it is now, what it should be, what can be asked of it, and what it told. */
export function RoomScreen(props: ScreenProps & { id: string }) {
	const { model, say, id } = props;
	const loaded = useLoaded(
		model,
		id,
		(signal) => model.client.call("devices.get", { params: { id } }, signal),
		({ devices, all }) => all || devices.some((device) => device.id === id),
	);
	const room = loaded.value;
	if (!room)
		return loaded.trouble ? <TroubleLine trouble={loaded.trouble} say={say} /> : <p class="muted">{say.loading}</p>;
	const condition = conditionOf(room);
	return (
		<section class="room-screen" aria-labelledby="room-title">
			<header class="head">
				<h1 id="room-title">
					{room.name} <small>{room.id}</small>
				</h1>
				<Badge state={toneOf[condition]} icon={circle}>
					{say.conditions[condition]}
				</Badge>
			</header>
			<TroubleLine trouble={loaded.trouble} say={say} />
			<div class="columns">
				<div>
					<Now room={room} say={say} />
					<TwinForm {...props} room={room} onSaved={loaded.set} />
				</div>
				<div>
					<RoomActions {...props} room={room} onChanged={loaded.set} />
					<Events {...props} />
					<Certificates room={room} say={say} />
				</div>
			</div>
		</section>
	);
}

type Part = Pick<ScreenProps, "say"> & { room: Device };

function Now({ room, say }: Part) {
	const { facts, status } = room;
	return (
		<section class="card" aria-labelledby="now-title">
			<h2 id="now-title">{say.room.now}</h2>
			<dl class="facts">
				<dt>{say.room.state}</dt>
				<dd>{nowOf(room, say)}</dd>
				<dt>{say.room.missing}</dt>
				<dd>{status?.missing.map((what) => say.missing[what]).join(", ") || say.room.nothing}</dd>
				{status?.peripherals ? (
					<>
						<dt>{say.room.equipment}</dt>
						<dd>
							<ul class="lines">
								{status.peripherals.map(({ id, kind, state, failure }) => (
									<li key={id}>
										<span>{`${say.room.peripherals[kind]} ${id}`}</span>
										<span class="muted">
											{say.room.peripheralStates[state]}
											{failure ? ` · ${failure}` : ""}
										</span>
									</li>
								))}
							</ul>
						</dd>
					</>
				) : null}
				<dt>{say.room.lastSeen}</dt>
				<dd>
					{room.online
						? say.room.connected
						: room.lastSeenAt
							? moment(room.lastSeenAt, say.locale)
							: say.rooms.neverSeen}
				</dd>
				<dt>{say.room.model}</dt>
				<dd>{facts ? `${facts.model} · ${facts.serial}` : "–"}</dd>
				<dt>{say.room.firmware}</dt>
				<dd>
					{room.firmware ?? "–"}
					{room.job ? ` → ${jobText(room.job, say)}` : ""}
				</dd>
				<dt>{say.room.enrolled}</dt>
				<dd>{room.enrolledAt ? moment(room.enrolledAt, say.locale) : "–"}</dd>
			</dl>
		</section>
	);
}

function Certificates({ room, say }: Part) {
	return (
		<section class="card" aria-labelledby="certificates-title">
			<h2 id="certificates-title">{say.room.certificates}</h2>
			<ul class="lines">
				{room.certificates.map(({ serial, state, notAfter }) => (
					<li key={serial}>
						<span class="mono">{serial.slice(0, 16)}…</span>
						<span>{say.certificateStates[state]}</span>
						<span class="muted">{say.room.until(moment(notAfter, say.locale))}</span>
					</li>
				))}
			</ul>
		</section>
	);
}

function Events({ model, say, id }: ScreenProps & { id: string }) {
	const loaded = useLoaded(
		model,
		`events ${id}`,
		(signal) => model.client.call("devices.events", { params: { id }, query: { limit: "30" } }, signal),
		({ devices, all }) => all || devices.some((device) => device.id === id),
	);
	const items = loaded.value?.items ?? [];
	return (
		<section class="card" aria-labelledby="events-title">
			<h2 id="events-title">{say.room.events}</h2>
			<TroubleLine trouble={loaded.trouble} say={say} />
			{items.length === 0 ? <p class="muted">{say.room.noEvents}</p> : null}
			<ul class="lines">
				{items.map((event) => (
					<li key={event.id}>
						<span class="muted">{moment(event.at, say.locale)}</span>
						<EventName event={event} say={say} />
						<span>
							<EventDetail event={event} say={say} />
						</span>
					</li>
				))}
			</ul>
			<a class="onward" href={writePlace({ name: "events", room: id })}>
				{say.fleetEvents.all}
			</a>
		</section>
	);
}
