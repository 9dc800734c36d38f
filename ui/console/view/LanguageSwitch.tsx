import { Button } from "../../kit/controls/Button.tsx";
import type { ConsoleModel } from "../model/ConsoleModel.ts";
import { words } from "../words/languages.ts";

export function LanguageSwitch({ model }: { model: ConsoleModel }) {
	const locale = model.locale.value;
	return (
		<Button
			kind="ghost"
			onPress={() => {
				model.locale.value = locale === "de" ? "en" : "de";
			}}
		>
			{words[locale].otherLanguage}
		</Button>
	);
}
