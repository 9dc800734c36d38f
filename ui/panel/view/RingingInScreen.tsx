import decline from "lucide:phone-off";
import shield from "lucide:shield-check";
import unknown from "lucide:shield-question-mark";
import camera from "lucide:video";
import cameraOff from "lucide:video-off";
import { Badge } from "../../kit/controls/Badge.tsx";
import { Heading } from "../../kit/controls/Heading.tsx";
import { Ask } from "./Ask.tsx";
import { Frame } from "./Frame.tsx";
import type { ScreenProps } from "./ScreenProps.ts";

/** Who calls, how that is known, and the three answers. */
export function RingingInScreen(props: ScreenProps<"ringing-in">) {
	const { model, snapshot, words, screen } = props;
	const { can } = snapshot;
	const { ringingIn } = words;
	return (
		<Frame
			{...props}
			name="centred ringing"
			bar={
				<>
					<Ask
						model={model}
						intent={{ type: "panel.answer", camera: true }}
						can={can.answer}
						kind="primary"
						icon={camera}
						class="tile twice"
					>
						<span>{ringingIn.answer}</span>
					</Ask>
					<Ask
						model={model}
						intent={{ type: "panel.answer", camera: false }}
						can={can.answer}
						icon={cameraOff}
						class="tile twice"
					>
						<span>{ringingIn.answerWithoutCamera}</span>
					</Ask>
					<Ask
						model={model}
						intent={{ type: "panel.decline" }}
						can={can.answer}
						kind="alarm"
						icon={decline}
						class="tile end"
					>
						<span>{ringingIn.decline}</span>
					</Ask>
				</>
			}
		>
			<span class="underway" aria-hidden="true" />
			<Heading>
				{screen.from} <span class="soft">{ringingIn.title}</span>
			</Heading>
			<Badge state={screen.verified ? "calm" : "care"} icon={screen.verified ? shield : unknown}>
				{screen.verified ? ringingIn.verified : ringingIn.unverified}
			</Badge>
		</Frame>
	);
}
