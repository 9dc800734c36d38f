import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import type { Installation } from "../../../provisioning/contract/installation.ts";
import { Button } from "../../kit/controls/Button.tsx";
import { Heading } from "../../kit/controls/Heading.tsx";
import type { InstallerModel } from "../InstallerModel.ts";
import { de } from "../words/de.ts";
import { en } from "../words/en.ts";
import type { InstallerWords } from "../words/InstallerWords.ts";
import { BusyScreen } from "./BusyScreen.tsx";
import { ChooseScreen } from "./ChooseScreen.tsx";
import { FailedScreen } from "./FailedScreen.tsx";
import { Frame } from "./Frame.tsx";
import { InstalledScreen } from "./InstalledScreen.tsx";

const languages: Record<"de" | "en", InstallerWords> = { de, en };

export interface InstallerProps {
	model: InstallerModel;
	words: InstallerWords;
	told: Installation;
	/** Goes with the head of each screen. */
	language: ComponentChildren;
}

export function App({ model }: { model: InstallerModel }) {
	const locale = model.locale.value;
	const words = languages[locale];
	useEffect(() => {
		document.documentElement.lang = locale;
	}, [locale]);
	const other = locale === "de" ? "en" : "de";
	const language = (
		<Button
			kind="ghost"
			class="language"
			onPress={() => {
				model.locale.value = other;
			}}
		>
			<span lang={other}>{words.otherLanguage}</span>
		</Button>
	);
	const told = model.told.value;
	if (told === null)
		return (
			<Frame name="centred" language={language} bar={null}>
				<span class="underway" aria-hidden="true" />
				<Heading>{words.starting}</Heading>
			</Frame>
		);
	const props = { model, words, told, language };
	switch (told.state.is) {
		case "choosing":
			return <ChooseScreen {...props} />;
		case "busy":
			return <BusyScreen {...props} state={told.state} />;
		case "installed":
			return <InstalledScreen {...props} state={told.state} />;
		case "failed":
			return <FailedScreen {...props} state={told.state} />;
	}
}
