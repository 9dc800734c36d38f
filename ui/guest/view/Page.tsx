import { useEffect, useRef } from "preact/hooks";
import { Button } from "../../kit/controls/Button.tsx";
import type { GuestPage } from "../model/GuestPage.ts";
import { pageWords } from "../words/words.ts";
import { CallScreen } from "./CallScreen.tsx";
import { EndedScreen } from "./EndedScreen.tsx";
import { Explanation } from "./Explanation.tsx";
import { LobbyScreen } from "./LobbyScreen.tsx";

/** The whole page: one screen, the switch of languages, and the line that a screen reader says aloud. */
export function Page({ page }: { page: GuestPage }) {
	const screen = page.screen.value;
	const locale = page.locale.value;
	const words = pageWords[locale];
	const main = useRef<HTMLElement>(null);
	const phase = screen.name === "call" ? screen.call.phase.value : "";

	useEffect(() => {
		document.documentElement.lang = locale;
		document.title = `InCamera · ${words.own.pageTitle}`;
	}, [locale, words]);

	// A new screen starts at its heading, for the keyboard and for a screen reader. The first one is where the browser put us.
	const drawn = useRef(screen.name);
	useEffect(() => {
		if (drawn.current === screen.name) return;
		drawn.current = screen.name;
		main.current?.querySelector<HTMLElement>("h1")?.focus();
	}, [screen.name]);

	const view = () => {
		switch (screen.name) {
			case "unsupported":
				return <Explanation {...words.own.unsupported[screen.why]} code={`guest.${screen.why}`} words={words} />;
			case "reloaded":
				return <Explanation {...words.own.reloaded} words={words} />;
			case "link-refused":
				return <Explanation {...words.shared.failures[screen.code]} code={screen.code} words={words} />;
			case "lobby":
				return <LobbyScreen page={page} words={words} />;
			case "call":
				return <CallScreen page={page} call={screen.call} words={words} />;
			case "ended":
				return <EndedScreen page={page} outcome={screen.outcome} words={words} />;
		}
	};

	return (
		<>
			<main ref={main} class={`screen ${screen.name}`} data-screen={screen.name} data-phase={phase}>
				{view()}
			</main>
			{screen.name === "call" ? null : (
				<div class="languages">
					<Button
						kind="ghost"
						class="language"
						label={`${words.shared.otherLanguage}, ${words.own.switchLanguage}`}
						onPress={() => page.switchLanguage()}
					>
						{words.shared.otherLanguage}
					</Button>
				</div>
			)}
			<p class="heard-only" role="status">
				{page.said(words)}
			</p>
		</>
	);
}
