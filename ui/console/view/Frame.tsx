import activity from "lucide:activity";
import building from "lucide:building-2";
import history from "lucide:history";
import key from "lucide:key-round";
import rocket from "lucide:package-check";
import plus from "lucide:plus";
import users from "lucide:users";
import type { ComponentChildren } from "preact";
import { Button } from "../../kit/controls/Button.tsx";
import { Icon } from "../../kit/icons/Icon.tsx";
import { type Place, writePlace } from "../model/route.ts";
import { LanguageSwitch } from "./LanguageSwitch.tsx";
import { may, type ScreenProps } from "./ScreenProps.ts";
import { TroubleLine } from "./TroubleLine.tsx";

const sections = (
	props: ScreenProps,
): { place: Place; also: Place["name"][]; icon: string; text: string; shown: boolean }[] => {
	const { session, say } = props;
	const daily = may(session, "viewer", "technician", "fleet_admin");
	return [
		{ place: { name: "rooms" }, also: ["room"], icon: building, text: say.rooms.title, shown: daily },
		{ place: { name: "events" }, also: [], icon: activity, text: say.fleetEvents.title, shown: daily },
		{
			place: { name: "enrol" },
			also: [],
			icon: plus,
			text: say.enrol.title,
			shown: may(session, "technician", "fleet_admin"),
		},
		{ place: { name: "rollouts" }, also: ["rollout"], icon: rocket, text: say.rollouts.title, shown: daily },
		{
			place: { name: "audit" },
			also: [],
			icon: history,
			text: say.audit.title,
			shown: may(session, "dpo", "fleet_admin"),
		},
		{
			place: { name: "people" },
			also: [],
			icon: users,
			text: say.people.title,
			shown: may(session, "dpo", "fleet_admin"),
		},
	];
};

/** What is around every screen: where one can go, who is signed in, and what went wrong. */
export function Frame(props: ScreenProps & { children: ComponentChildren }) {
	const { model, say, session, children } = props;
	const here = model.place.value.name;
	return (
		<div class="frame">
			<a class="skip" href="#main">
				{say.skip}
			</a>
			<header class="side">
				<p class="brand">
					InCamera <span class="muted">{session.fleet}</span>
				</p>
				<nav aria-label={say.sections}>
					<ul>
						{sections(props)
							.filter(({ shown }) => shown)
							.map(({ place, also, icon, text }) => (
								<li key={place.name}>
									<a
										href={writePlace(place)}
										aria-current={here === place.name || also.includes(here) ? "page" : undefined}
									>
										<Icon drawing={icon} />
										<span>{text}</span>
									</a>
								</li>
							))}
					</ul>
				</nav>
				<div class="who">
					<p>
						{session.person.name} <span class="muted">{say.roles[session.person.role]}</span>
					</p>
					<a href={writePlace({ name: "account" })} aria-current={here === "account" ? "page" : undefined}>
						<Icon drawing={key} />
						<span>
							{say.account.title}
							{session.person.passkeys === 1 ? <small>{say.account.onlyOneShort}</small> : null}
						</span>
					</a>
					<LanguageSwitch model={model} />
					<Button kind="ghost" onPress={() => void model.signOut()}>
						{say.signOut}
					</Button>
				</div>
			</header>
			<main id="main" tabIndex={-1}>
				{model.live.up.value ? null : (
					<p class="line care" role="status">
						{say.serviceAway}
					</p>
				)}
				<TroubleLine trouble={model.trouble.value} say={say} />
				{children}
			</main>
		</div>
	);
}
