import room from "lucide:door-closed";
import lock from "lucide:lock";
import microphoneOff from "lucide:mic-off";
import shield from "lucide:shield-check";
import guest from "lucide:user-round";
import cameraOff from "lucide:video-off";
import { Button } from "../../kit/controls/Button.tsx";
import { Heading } from "../../kit/controls/Heading.tsx";
import { duration } from "../../kit/i18n/time.ts";
import { Icon } from "../../kit/icons/Icon.tsx";
import type { PanelProps, ScreenProps } from "./ScreenProps.ts";

/** Who is at the other end, what they have switched off, and what is known about the call's privacy. */
export function FarEnd(props: ScreenProps<"call">) {
	const { model, snapshot, words, screen } = props;
	const { far, phase } = screen;
	return (
		<section class="far-end card">
			<div class="who">
				<span class="portrait" aria-hidden="true">
					<Icon drawing={far.kind === "room" ? room : guest} />
				</span>
				<div>
					<Heading>{phase === "recovering" ? words.kit.reconnecting : (far.name ?? words.call.unknown)}</Heading>
					<p class="muted">{phase === "recovering" ? words.kit.reconnectingKept : words.kit.far[far.kind]}</p>
					{phase === "connected" ? null : <span class="underway" aria-hidden="true" />}
				</div>
				{screen.since === null ? null : <Elapsed {...props} since={screen.since} />}
			</div>
			{phase === "connected" ? (
				<ul class="far-states">
					{far.microphone ? null : (
						<li>
							<Icon drawing={microphoneOff} />
							{words.kit.far.microphoneOff}
						</li>
					)}
					{far.camera ? null : (
						<li>
							<Icon drawing={cameraOff} />
							{words.kit.far.cameraOff}
						</li>
					)}
				</ul>
			) : null}
			<div class="privacy">
				<Privacy {...props} />
				{snapshot.can.compare && screen.code !== null && !screen.compared ? (
					<Button
						kind={screen.security === "encrypted" ? "primary" : "ghost"}
						onPress={() => {
							model.aside.value = "compare";
						}}
					>
						{words.kit.compare.open}
					</Button>
				) : null}
			</div>
		</section>
	);
}

function Privacy({ words, screen }: ScreenProps<"call">) {
	const { call } = words;
	if (screen.security === "securing") {
		return (
			<div class="privacy-words">
				<h2>
					<Icon drawing={lock} />
					{words.kit.security.securing}
				</h2>
				<p class="muted">{words.kit.securing}</p>
			</div>
		);
	}
	const verified = screen.security === "verified";
	const title = screen.compared ? call.compared : verified ? call.verified : call.encrypted;
	const explain = screen.compared ? call.comparedExplain : verified ? call.verifiedExplain : call.encryptedExplain;
	return (
		<div class={verified ? "privacy-words calm" : "privacy-words care"}>
			<h2>
				<Icon drawing={verified ? shield : lock} />
				{title}
			</h2>
			<p class="muted">{explain}</p>
			{screen.key === null ? null : <p class="muted">{screen.key === "same" ? call.sameKey : call.newKey}</p>}
		</div>
	);
}

function Elapsed({ model, since }: PanelProps & { since: number }) {
	return (
		<p class="elapsed" role="timer">
			{duration((model.now.value - since) / 1000)}
		</p>
	);
}
