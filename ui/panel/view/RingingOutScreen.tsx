import cancel from "lucide:phone-off";
import { Heading } from "../../kit/controls/Heading.tsx";
import { Ask } from "./Ask.tsx";
import { Frame } from "./Frame.tsx";
import type { ScreenProps } from "./ScreenProps.ts";

/** The other room rings. */
export function RingingOutScreen(props: ScreenProps<"ringing-out">) {
	const { model, snapshot, words, screen } = props;
	return (
		<Frame
			{...props}
			name="centred ringing"
			bar={
				<Ask
					model={model}
					intent={{ type: "panel.cancel" }}
					can={snapshot.can.cancel}
					kind="alarm"
					icon={cancel}
					class="tile end"
				>
					<span>{words.kit.controls.cancel}</span>
				</Ask>
			}
		>
			<span class="underway" aria-hidden="true" />
			<Heading>{words.ringingOut.title(screen.to)}</Heading>
			<p class="explain">{words.ringingOut.explain}</p>
		</Frame>
	);
}
