import micOff from "lucide:mic-off";
import videoOff from "lucide:video-off";
import volume from "lucide:volume-2";
import { Badge } from "../../kit/controls/Badge.tsx";
import { Button } from "../../kit/controls/Button.tsx";
import type { GuestCall } from "../model/GuestCall.ts";
import type { GuestPage } from "../model/GuestPage.ts";
import type { PageWords } from "../words/words.ts";

interface Props {
	page: GuestPage;
	call: GuestCall;
	words: PageWords;
}

/** What is said over the picture: that one is first, that it is being secured or reconnected, what the far end switched off. */
export function Stage({ page, call, words }: Props) {
	const text = words.own;
	const message = (title: string, explain: string | null) => (
		<div class="message" data-testid="message">
			<p class="title">{title}</p>
			{explain === null ? null : <p class="muted">{explain}</p>}
		</div>
	);
	switch (call.phase.value) {
		case "joining":
			return message(text.joining, call.slow.value ? text.joiningSlow : null);
		case "waiting":
			return message(text.waiting.title, text.waiting.explain);
		case "securing":
			return message(words.shared.securing, call.slow.value ? text.joiningSlow : null);
		case "recovering":
			return message(words.shared.reconnecting, words.shared.reconnectingKept);
		case "connected": {
			const far = call.far.value;
			return (
				<>
					{far?.camera === false ? (
						<div class="message camera-off" data-testid="far-camera-off">
							<p class="initial" aria-hidden="true">
								{page.farName(words).slice(0, 1)}
							</p>
						</div>
					) : null}
					<div class="far-marks">
						{far?.microphone === false ? (
							<span data-testid="far-microphone-off">
								<Badge state="plain" icon={micOff}>
									{words.shared.far.microphoneOff}
								</Badge>
							</span>
						) : null}
						{far?.camera === false ? (
							<Badge state="plain" icon={videoOff}>
								{words.shared.far.cameraOff}
							</Badge>
						) : null}
					</div>
					{page.hearNeeded.value ? (
						<div class="hear">
							<Button kind="primary" size="large" class="hear" icon={volume} onPress={() => page.hear()}>
								{text.call.hear}
							</Button>
						</div>
					) : null}
				</>
			);
		}
		case "over":
			return null;
	}
}
