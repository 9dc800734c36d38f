import { Ask } from "./Ask.tsx";
import type { PanelProps } from "./ScreenProps.ts";

/** The other language, in that language: one touch, on every screen. */
export function LanguageSwitch({ model, snapshot, words }: PanelProps) {
	const other = snapshot.room.locale === "de" ? "en" : "de";
	return (
		<Ask model={model} intent={{ type: "panel.locale", locale: other }} can={true} kind="ghost" class="language">
			<span lang={other}>{words.kit.otherLanguage}</span>
		</Ask>
	);
}
