import back from "lucide:arrow-left";
import warning from "lucide:triangle-alert";
import type { Installation } from "../../../provisioning/contract/installation.ts";
import { Button } from "../../kit/controls/Button.tsx";
import { Icon } from "../../kit/icons/Icon.tsx";
import type { InstallerProps } from "./App.tsx";
import { Frame } from "./Frame.tsx";

type Failed = Extract<Installation["state"], { is: "failed" }>;

/** One sentence, the next step, and the code that somebody may ask for. */
export function FailedScreen({ model, words, state, language }: InstallerProps & { state: Failed }) {
	const { title, next } = words.faults[state.fault];
	return (
		<Frame
			name="centred"
			language={language}
			bar={
				<Button icon={back} class="twice" onPress={() => void model.again()}>
					{words.again}
				</Button>
			}
		>
			<span class="failure-mark" aria-hidden="true">
				<Icon drawing={warning} />
			</span>
			<h1>{title}</h1>
			<p class="explain">{next}</p>
			<p class="failure-code">
				{words.code} <code>{state.code}</code>
			</p>
		</Frame>
	);
}
