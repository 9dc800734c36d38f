import { useLayoutEffect } from "preact/hooks";
import type { Snapshot } from "../../../device/contract/snapshot.ts";
import { pickLocale } from "../../kit/i18n/languages.ts";
import { hourOfDay } from "../../kit/i18n/time.ts";
import type { PanelModel } from "../model/PanelModel.ts";
import { languages } from "../words/languages.ts";
import { AloneScreen } from "./AloneScreen.tsx";
import { Announcer } from "./Announcer.tsx";
import { CallScreen } from "./CallScreen.tsx";
import { EndedScreen } from "./EndedScreen.tsx";
import { Identify } from "./Identify.tsx";
import { JoiningScreen } from "./JoiningScreen.tsx";
import { Notices } from "./Notices.tsx";
import { RestingScreen } from "./RestingScreen.tsx";
import { RingingInScreen } from "./RingingInScreen.tsx";
import { RingingOutScreen } from "./RingingOutScreen.tsx";
import type { PanelProps } from "./ScreenProps.ts";
import { TroubleScreen } from "./TroubleScreen.tsx";
import { UnclaimedScreen } from "./UnclaimedScreen.tsx";

/** At night an untouched clock is dimmed, so that it lights no dark office; a touch makes it bright. */
const NIGHT = { from: 21, to: 6, untouchedMs: 60_000 };

/** The whole panel: one snapshot, one screen. */
export function App({ model }: { model: PanelModel }) {
	const snapshot = model.snapshot.value;
	const locale = snapshot?.room.locale ?? pickLocale(navigator.languages);
	const words = languages[locale];
	useLayoutEffect(() => {
		document.documentElement.lang = locale;
		document.title = snapshot ? `${snapshot.room.name} · InCamera` : "InCamera";
	}, [locale, snapshot?.room.name]);

	if (!snapshot) {
		return (
			<main class="waiting">
				<h1>{model.lost.value ? words.lost : words.connecting}</h1>
				{model.lost.value ? <p class="muted">{words.trouble.retrying}</p> : null}
			</main>
		);
	}
	const props = { model, snapshot, words };
	const lost = model.lost.value;
	return (
		<div class={lost ? "panel lost" : "panel"} data-screen={snapshot.screen.name} data-rev={snapshot.rev}>
			<div class="drawn" inert={lost} data-dim={isNight(model, snapshot) ? "" : undefined}>
				<CurrentScreen {...props} />
			</div>
			<Identify {...props} />
			<Notices {...props} />
			<Announcer {...props} />
		</div>
	);
}

/** Draws the screen that the device says. The key makes each screen a new one, whose heading then takes the focus. */
function CurrentScreen(props: PanelProps) {
	const { screen } = props.snapshot;
	switch (screen.name) {
		case "resting":
			return <RestingScreen {...props} />;
		case "joining":
			return <JoiningScreen key="joining" {...props} screen={screen} />;
		case "alone":
			return <AloneScreen key="alone" {...props} screen={screen} />;
		case "ringing-in":
			return <RingingInScreen key="ringing-in" {...props} screen={screen} />;
		case "ringing-out":
			return <RingingOutScreen key="ringing-out" {...props} screen={screen} />;
		case "call":
			return <CallScreen key="call" {...props} screen={screen} />;
		case "ended":
			return <EndedScreen key="ended" {...props} screen={screen} />;
		case "trouble":
			return <TroubleScreen key="trouble" {...props} screen={screen} />;
		case "unclaimed":
			return <UnclaimedScreen key="unclaimed" {...props} screen={screen} />;
	}
}

function isNight(model: PanelModel, snapshot: Snapshot): boolean {
	if (snapshot.screen.name !== "resting" || model.untouchedMs.value < NIGHT.untouchedMs) return false;
	const hour = hourOfDay(model.now.value, snapshot.room.timeZone);
	return hour >= NIGHT.from || hour < NIGHT.to;
}
