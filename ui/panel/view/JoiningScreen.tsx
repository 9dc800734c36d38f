import cancel from "lucide:x";
import { Heading } from "../../kit/controls/Heading.tsx";
import { Ask } from "./Ask.tsx";
import { Frame } from "./Frame.tsx";
import type { ScreenProps } from "./ScreenProps.ts";

/** What is happening, in words; cancel from the first second. */
export function JoiningScreen(props: ScreenProps<"joining">) {
	const { model, snapshot, words, screen } = props;
	return (
		<Frame
			{...props}
			name="centred"
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
			<Heading>{words.joining.title}</Heading>
			<p class="explain">{words.joining.explain}</p>
			<p class="explain care" role="status">
				{screen.slow ? words.joining.slow : ""}
			</p>
		</Frame>
	);
}
