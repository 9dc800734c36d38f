import done from "lucide:circle-check";
import restart from "lucide:rotate-cw";
import type { Installation } from "../../../provisioning/contract/installation.ts";
import { Button } from "../../kit/controls/Button.tsx";
import { Heading } from "../../kit/controls/Heading.tsx";
import { Icon } from "../../kit/icons/Icon.tsx";
import type { InstallerProps } from "./App.tsx";
import { Frame } from "./Frame.tsx";

type Installed = Extract<Installation["state"], { is: "installed" }>;

export function InstalledScreen({ model, words, state, language }: InstallerProps & { state: Installed }) {
	const restarting = model.restarting.value;
	return (
		<Frame
			name="centred"
			language={language}
			bar={
				<Button kind="primary" icon={restart} class="twice" pending={restarting} onPress={() => void model.restart()}>
					{restarting ? words.restarting : words.restart}
				</Button>
			}
		>
			<span class="done-mark" aria-hidden="true">
				<Icon drawing={done} />
			</span>
			<Heading>{words.installed}</Heading>
			<p class="explain strong">{words.installedExplain}</p>
			<p class="explain">{state.prepared ? words.prepared : words.notPrepared}</p>
		</Frame>
	);
}
