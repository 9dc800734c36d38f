import { useEffect } from "preact/hooks";
import type { ConsoleModel } from "../model/ConsoleModel.ts";
import { words } from "../words/languages.ts";
import { AccountScreen } from "./AccountScreen.tsx";
import { AuditScreen } from "./AuditScreen.tsx";
import { EnrolScreen } from "./EnrolScreen.tsx";
import { EventsScreen } from "./EventsScreen.tsx";
import { Frame } from "./Frame.tsx";
import { PeopleScreen } from "./PeopleScreen.tsx";
import { RolloutScreen } from "./RolloutScreen.tsx";
import { RolloutsScreen } from "./RolloutsScreen.tsx";
import { RoomScreen } from "./RoomScreen.tsx";
import { RoomsScreen } from "./RoomsScreen.tsx";
import { InvitationScreen, SignInScreen } from "./SignInScreens.tsx";

interface Props {
	model: ConsoleModel;
}

export function App({ model }: Props) {
	const locale = model.locale.value;
	const session = model.session.value;
	useEffect(() => {
		document.documentElement.lang = locale;
	}, [locale]);
	const say = words[locale];
	const place = model.place.value;
	if (session === undefined) return <p class="heard-only">{say.loading}</p>;
	if (session === null) {
		return place.name === "invitation" ? (
			<InvitationScreen model={model} say={say} secret={place.secret} />
		) : (
			<SignInScreen model={model} say={say} />
		);
	}
	const props = { model, say, session };
	return (
		<Frame {...props}>
			{place.name === "room" ? (
				<RoomScreen key={place.id} {...props} id={place.id} />
			) : place.name === "events" ? (
				<EventsScreen {...props} room={place.room} />
			) : place.name === "enrol" ? (
				<EnrolScreen {...props} />
			) : place.name === "rollouts" ? (
				<RolloutsScreen {...props} />
			) : place.name === "rollout" ? (
				<RolloutScreen key={place.id} {...props} id={place.id} />
			) : place.name === "audit" ? (
				<AuditScreen {...props} />
			) : place.name === "people" ? (
				<PeopleScreen {...props} />
			) : place.name === "account" ? (
				<AccountScreen {...props} />
			) : (
				<RoomsScreen {...props} />
			)}
		</Frame>
	);
}
