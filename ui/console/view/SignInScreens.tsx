import key from "lucide:key-round";
import { useState } from "preact/hooks";
import { Button } from "../../kit/controls/Button.tsx";
import type { ConsoleModel } from "../model/ConsoleModel.ts";
import type { ConsoleWords } from "../words/ConsoleWords.ts";
import { Field } from "./Field.tsx";
import { LanguageSwitch } from "./LanguageSwitch.tsx";
import { TroubleLine } from "./TroubleLine.tsx";

interface Props {
	model: ConsoleModel;
	say: ConsoleWords;
}

export function SignInScreen({ model, say }: Props) {
	return (
		<main class="entry">
			<h1>{say.signIn.title}</h1>
			<p class="muted">{say.signIn.explain}</p>
			<TroubleLine trouble={model.trouble.value} say={say} />
			<Button kind="primary" size="large" icon={key} pending={model.busy.value} onPress={() => void model.signIn()}>
				{say.signIn.action}
			</Button>
			<LanguageSwitch model={model} />
		</main>
	);
}

export function InvitationScreen({ model, say, secret }: Props & { secret: string }) {
	const [name, setName] = useState("");
	return (
		<main class="entry">
			<h1>{say.invitation.title}</h1>
			<p class="muted">{say.invitation.explain}</p>
			<TroubleLine trouble={model.trouble.value} say={say} />
			<form
				onSubmit={(event) => {
					event.preventDefault();
					void model.register(secret, name.trim());
				}}
			>
				<Field
					label={say.invitation.name}
					hint={say.invitation.nameHint}
					value={name}
					onInput={setName}
					required
					maxLength={80}
				/>
				<Button
					kind="primary"
					size="large"
					icon={key}
					type="submit"
					pending={model.busy.value}
					disabled={name.trim() === ""}
				>
					{say.invitation.action}
				</Button>
			</form>
			<LanguageSwitch model={model} />
		</main>
	);
}
