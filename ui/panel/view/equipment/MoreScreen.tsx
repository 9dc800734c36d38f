import back from "lucide:arrow-left";
import wrench from "lucide:wrench";
import { Button } from "../../../kit/controls/Button.tsx";
import { Icon } from "../../../kit/icons/Icon.tsx";
import { Frame } from "../Frame.tsx";
import type { PanelProps } from "../ScreenProps.ts";
import { DisplayCards } from "./DisplayCards.tsx";
import { hasDevice } from "./hasDevice.ts";

/** What is seldom needed: the display without a meeting, and the way to the service page. */
export function MoreScreen(props: PanelProps) {
	const { model, snapshot, words } = props;
	const lost = snapshot.peripherals.devices.filter(({ state }) => state === "lost").length;
	return (
		<Frame
			{...props}
			name="more"
			title={words.moreThings}
			bar={
				<Button
					icon={back}
					class="tile end"
					onPress={() => {
						model.aside.value = null;
					}}
				>
					<span>{words.back}</span>
				</Button>
			}
		>
			{hasDevice(snapshot, "display") ? <DisplayCards {...props} /> : null}
			<section class="card device-card">
				<h2>
					<Icon drawing={wrench} />
					{words.service.title}
				</h2>
				<p class="muted">{lost === 0 ? words.service.explain : words.service.lost(lost)}</p>
				<Button
					size="wide"
					onPress={() => {
						// Who may see it (a PIN, or someone who has enrolled) is asked here, once there is more to be seen than this.
						model.aside.value = "service";
					}}
				>
					{words.service.open}
				</Button>
			</section>
		</Frame>
	);
}
