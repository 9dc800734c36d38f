import done from "lucide:check";
import { type Installation, installSteps } from "../../../provisioning/contract/installation.ts";
import { Icon } from "../../kit/icons/Icon.tsx";
import type { InstallerProps } from "./App.tsx";
import { Frame } from "./Frame.tsx";

type Busy = Extract<Installation["state"], { is: "busy" }>;

export function BusyScreen({ words, state, language }: InstallerProps & { state: Busy }) {
	const place = installSteps.indexOf(state.step);
	const percent = Math.floor(state.done * 100);
	return (
		<Frame name="centred" language={language} bar={null}>
			<h1>{words.busy}</h1>
			<p class="explain">{words.busyExplain}</p>
			<ol class="steps">
				{installSteps.map((step, at) => (
					<li
						key={step}
						class={at < place ? "done" : at === place ? "now" : ""}
						aria-current={at === place ? "step" : undefined}
					>
						{at < place ? <Icon drawing={done} /> : <span class="dot" aria-hidden="true" />}
						<span>{words.steps[step]}</span>
					</li>
				))}
			</ol>
			<progress class="far" value={percent} max={100} aria-label={words.steps[state.step]}>
				{percent} %
			</progress>
		</Frame>
	);
}
