import meetNow from "lucide:circle-plus";
import more from "lucide:ellipsis";
import link from "lucide:link";
import phone from "lucide:phone";
import warning from "lucide:triangle-alert";
import { Button } from "../../kit/controls/Button.tsx";
import { dateOfDay, timeOfDay } from "../../kit/i18n/time.ts";
import { Icon } from "../../kit/icons/Icon.tsx";
import { Agenda } from "./Agenda.tsx";
import { Ask } from "./Ask.tsx";
import { MoreScreen } from "./equipment/MoreScreen.tsx";
import { ServiceScreen } from "./equipment/ServiceScreen.tsx";
import { HeldNote } from "./HeldNote.tsx";
import { LanguageSwitch } from "./LanguageSwitch.tsx";
import { LinkScreen } from "./LinkScreen.tsx";
import { occupancy } from "./occupancy.ts";
import { RoomsScreen } from "./RoomsScreen.tsx";
import type { PanelProps } from "./ScreenProps.ts";
import { UpdateNote } from "./UpdateNote.tsx";

/** A wall clock that knows the room's day. */
export function RestingScreen(props: PanelProps) {
	const { model, snapshot, words } = props;
	if (model.aside.value === "rooms") return <RoomsScreen key="rooms" {...props} />;
	if (model.aside.value === "link") return <LinkScreen key="link" {...props} />;
	if (model.aside.value === "more") return <MoreScreen key="more" {...props} />;
	if (model.aside.value === "service" || model.aside.value === "reset")
		return <ServiceScreen key="service" {...props} />;
	const { room, can, directory } = snapshot;
	// That the calendar can't be read stands under the clock already.
	const missing = snapshot.missing.filter((what) => what !== "calendar" || snapshot.agenda.failure === null);
	return (
		<div class="resting" key="resting">
			<main class="resting-main">
				<section class="wall">
					<div class="wall-head">
						<h1 class="room-name">
							{room.name}
							{room.seats === null ? null : <small>{words.seats(room.seats)}</small>}
						</h1>
						<HeldNote {...props} />
					</div>
					<UpdateNote {...props} />
					<Clock {...props} />
				</section>
				<Agenda {...props} />
			</main>
			<footer class="dock">
				<Ask model={model} intent={{ type: "panel.meet_now" }} can={can.meetNow} icon={meetNow}>
					{words.meetNow}
				</Ask>
				{directory.length === 0 ? null : (
					<Button
						icon={phone}
						onPress={() => {
							model.aside.value = "rooms";
						}}
					>
						{words.callRoom}
					</Button>
				)}
				<Button
					icon={link}
					onPress={() => {
						model.aside.value = "link";
					}}
				>
					{words.enterLink}
				</Button>
				<Button
					icon={more}
					size="square"
					label={words.moreThings}
					onPress={() => {
						model.aside.value = "more";
					}}
				/>
				<p class="missing">
					{missing.length === 0 ? null : (
						<>
							<Icon drawing={warning} />
							<span>{words.missing(missing)}</span>
						</>
					)}
				</p>
				<LanguageSwitch {...props} />
			</footer>
		</div>
	);
}

function Clock({ model, snapshot, words }: PanelProps) {
	const { locale, timeZone } = snapshot.room;
	const now = model.now.value;
	const { failure } = snapshot.agenda;
	const trouble = failure === null ? null : words.calendar[failure];
	const state = occupancy(snapshot.agenda, now, timeZone);
	const until = state.until === null ? "" : timeOfDay(state.until, locale, timeZone);
	const said = {
		unknown: trouble?.title,
		busy: words.busyUntil(until),
		free: state.until === null ? words.freeToday : words.freeUntil(until),
	}[state.now];
	return (
		<div class="wall-clock">
			<p class="clock">{timeOfDay(now, locale, timeZone)}</p>
			<p class="date">{dateOfDay(now, locale, timeZone)}</p>
			<p class={`occupancy ${state.now}`}>{said}</p>
			{trouble === null ? null : <p class="occupancy-next">{trouble.next}</p>}
		</div>
	);
}
