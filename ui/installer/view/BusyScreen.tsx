import { type Installation, installSteps } from "../../../provisioning/contract/installation.ts";
import { Heading } from "../../kit/controls/Heading.tsx";
import { Steps } from "../../kit/controls/Steps.tsx";
import type { InstallerProps } from "./App.tsx";
import { Frame } from "./Frame.tsx";

type Busy = Extract<Installation["state"], { is: "busy" }>;

export function BusyScreen({ words, state, language }: InstallerProps & { state: Busy }) {
	const percent = Math.floor(state.done * 100);
	return (
		<Frame name="centred" language={language} bar={null}>
			<Heading>{words.busy}</Heading>
			<p class="explain">{words.busyExplain}</p>
			<Steps words={installSteps.map((step) => words.steps[step])} at={installSteps.indexOf(state.step)} />
			<progress class="far" value={percent} max={100} aria-label={words.steps[state.step]}>
				{percent} %
			</progress>
		</Frame>
	);
}
