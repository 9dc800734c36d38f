import leave from "lucide:log-out";
import compare from "lucide:shield-check";
import sliders from "lucide:sliders-horizontal";
import { Icon } from "../../kit/icons/Icon.tsx";
import type { GuestCall } from "../model/GuestCall.ts";
import type { GuestPage } from "../model/GuestPage.ts";
import type { PageWords } from "../words/words.ts";
import { SourceButton } from "./SourceButton.tsx";

interface Props {
	page: GuestPage;
	call: GuestCall;
	words: PageWords;
}

/** Always in the same place: microphone, camera, code, devices, leave. */
export function CallBar({ page, call, words }: Props) {
	const panel = page.panel.value;
	const joined = call.phase.value !== "joining" && call.phase.value !== "waiting";
	return (
		<nav class="bar" aria-label={words.own.call.controls}>
			<SourceButton page={page} kind="microphone" words={words} />
			<SourceButton page={page} kind="camera" words={words} />
			<button
				type="button"
				class="button control"
				data-testid="compare"
				aria-expanded={panel === "compare"}
				disabled={call.code.value === null}
				onClick={() => page.toggle("compare")}
			>
				<Icon drawing={compare} />
				<span>{words.shared.compare.open}</span>
			</button>
			<button
				type="button"
				class="button control"
				data-testid="devices"
				aria-expanded={panel === "devices"}
				onClick={() => page.toggle("devices")}
			>
				<Icon drawing={sliders} />
				<span>{words.own.call.devices}</span>
			</button>
			<button type="button" class="button control alarm" data-testid="leave" onClick={() => page.leave()}>
				<Icon drawing={leave} />
				<span>{joined ? words.shared.controls.leave : words.shared.controls.cancel}</span>
			</button>
		</nav>
	);
}
