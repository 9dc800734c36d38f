import done from "lucide:circle-check";
import power from "lucide:power";
import type { Installation } from "../../../provisioning/contract/installation.ts";
import { Button } from "../../kit/controls/Button.tsx";
import { Heading } from "../../kit/controls/Heading.tsx";
import { Icon } from "../../kit/icons/Icon.tsx";
import type { InstallerProps } from "./App.tsx";
import { Frame } from "./Frame.tsx";

type Installed = Extract<Installation["state"], { is: "installed" }>;

/** The system runs from the stick: it is over before that can be pulled out. */
export function InstalledScreen({ model, words, state, language }: InstallerProps & { state: Installed }) {
	const off = model.switchingOff.value;
	return (
		<Frame
			name="centred"
			language={language}
			bar={
				<Button kind="primary" icon={power} class="twice" pending={off} onPress={() => void model.switchOff()}>
					{off ? words.switchingOff : words.switchOff}
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
