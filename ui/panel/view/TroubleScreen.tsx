import done from "lucide:check";
import more from "lucide:ellipsis";
import retry from "lucide:rotate-ccw";
import { Button } from "../../kit/controls/Button.tsx";
import { Ask } from "./Ask.tsx";
import { MoreScreen } from "./equipment/MoreScreen.tsx";
import { ServiceScreen } from "./equipment/ServiceScreen.tsx";
import { Failure } from "./Failure.tsx";
import { Frame } from "./Frame.tsx";
import type { ScreenProps } from "./ScreenProps.ts";

/** The room itself can't work just now: one sentence with a code and the next step, and when it tries again. */
export function TroubleScreen(props: ScreenProps<"trouble">) {
	const { model, snapshot, words, screen } = props;
	const { can } = snapshot;
	if (model.aside.value === "more") return <MoreScreen key="more" {...props} />;
	if (model.aside.value === "service" || model.aside.value === "reset")
		return <ServiceScreen key="service" {...props} />;
	return (
		<Frame
			key="trouble"
			{...props}
			name="centred"
			bar={
				<>
					<Ask
						model={model}
						intent={{ type: "panel.retry" }}
						can={can.retry}
						kind="primary"
						icon={retry}
						class="tile twice"
					>
						<span>{words.trouble.retry}</span>
					</Ask>
					<Button
						icon={more}
						class="tile"
						onPress={() => {
							model.aside.value = "more";
						}}
					>
						<span>{words.moreThings}</span>
					</Button>
					{can.dismiss ? (
						<Ask model={model} intent={{ type: "panel.dismiss" }} can={can.dismiss} icon={done} class="tile end">
							<span>{words.ended.done}</span>
						</Ask>
					) : null}
				</>
			}
		>
			<Failure failure={screen.failure} words={words} />
			{screen.retryAt === null ? null : <Countdown {...props} at={screen.retryAt} />}
		</Frame>
	);
}

function Countdown({ model, words, at }: ScreenProps<"trouble"> & { at: number }) {
	const seconds = Math.ceil((at - model.now.value) / 1000);
	return <p class="muted">{seconds > 0 ? words.trouble.retryIn(seconds) : words.trouble.retrying}</p>;
}
