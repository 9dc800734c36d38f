import { SecurityBadge } from "../../kit/controls/SecurityBadge.tsx";
import type { GuestCall } from "../model/GuestCall.ts";
import type { GuestPage } from "../model/GuestPage.ts";
import type { PageWords } from "../words/words.ts";
import { CallBar } from "./CallBar.tsx";
import { ComparePanel } from "./ComparePanel.tsx";
import { DevicePanel } from "./DevicePanel.tsx";
import { Elapsed } from "./Elapsed.tsx";
import { FarCamera } from "./FarCamera.tsx";
import { FarPicture } from "./FarPicture.tsx";
import { SelfPicture } from "./SelfPicture.tsx";
import { SourceTroubles } from "./SourceTroubles.tsx";
import { Stage } from "./Stage.tsx";

interface Props {
	page: GuestPage;
	call: GuestCall;
	words: PageWords;
}

/** From the touch on Join until the call ends. What covers the picture never covers the bar: *Leave* is always in the same place. */
export function CallScreen({ page, call, words }: Props) {
	const phase = call.phase.value;
	const far = call.far.value;
	const name = page.farName(words);
	const inCall = phase === "connected" || phase === "recovering";
	const offer = call.offer.value;
	const picture = page.media.picture.value;
	return (
		<>
			<header class="call-head">
				<h1 tabIndex={-1}>{far === null ? words.own.pageTitle : name}</h1>
				{inCall ? <Elapsed since={call.since.value} label={words.own.call.duration} /> : null}
				<span class="space" />
				{phase === "joining" || phase === "waiting" ? null : (
					<span class="security" data-testid="security" data-security={call.security.value}>
						<SecurityBadge security={call.security.value} words={words.shared} />
					</span>
				)}
			</header>
			<div class="stage">
				<div class="far">
					<FarPicture page={page} call={call} label={words.own.call.farPicture(name)} />
				</div>
				<Stage page={page} call={call} words={words} />
				{phase === "connected" && offer ? <FarCamera call={call} offer={offer} words={words} /> : null}
				<figure class={picture ? "self" : "self empty"}>
					<SelfPicture picture={page.media.picture} label={words.shared.selfView} />
				</figure>
				<SourceTroubles page={page} words={words} />
				{page.panel.value === "compare" && call.code.value ? (
					<ComparePanel page={page} call={call} code={call.code.value} words={words} />
				) : null}
				{page.panel.value === "devices" ? <DevicePanel page={page} words={words} /> : null}
			</div>
			<CallBar page={page} call={call} words={words} />
		</>
	);
}
