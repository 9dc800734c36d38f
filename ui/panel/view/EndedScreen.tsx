import done from "lucide:check";
import retry from "lucide:rotate-ccw";
import thumbDown from "lucide:thumbs-down";
import thumbUp from "lucide:thumbs-up";
import { useState } from "preact/hooks";
import { Button } from "../../kit/controls/Button.tsx";
import { Heading } from "../../kit/controls/Heading.tsx";
import { timeOfDay } from "../../kit/i18n/time.ts";
import { Ask } from "./Ask.tsx";
import { Failure } from "./Failure.tsx";
import { Frame } from "./Frame.tsx";
import type { ScreenProps } from "./ScreenProps.ts";

/** How it went, in one line; and whether something was wrong, which stays in this room. */
export function EndedScreen(props: ScreenProps<"ended">) {
	const { model, snapshot, words, screen } = props;
	const { can } = snapshot;
	const minutes = Math.floor(screen.seconds / 60);
	const lasted = screen.seconds < 1 ? null : words.ended.lasted(minutes, Math.floor(screen.seconds % 60));
	return (
		<Frame
			{...props}
			name="centred"
			bar={
				<>
					{can.retry ? (
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
					) : null}
					<Ask model={model} intent={{ type: "panel.dismiss" }} can={can.dismiss} icon={done} class="tile end">
						<span>{words.ended.done}</span>
					</Ask>
				</>
			}
		>
			{screen.failure === null ? (
				<Heading>{words.kit.ends[screen.end ?? "left"]}</Heading>
			) : (
				<Failure failure={screen.failure} words={words} />
			)}
			{lasted === null ? null : <p class="explain">{lasted}</p>}
			{screen.failure === null && lasted !== null ? <Feedback {...props} /> : null}
		</Frame>
	);
}

/** Nothing is sent and nothing is stored: who answers "no" learns what to tell IT. */
function Feedback({ model, snapshot, words }: ScreenProps<"ended">) {
	const [answer, setAnswer] = useState<"fine" | "wrong" | null>(null);
	const { ended } = words;
	const { locale, timeZone } = snapshot.room;
	return (
		<section class="feedback">
			<h2>{ended.question}</h2>
			<div class="answers">
				<Button kind="ghost" icon={thumbUp} pressed={answer === "fine"} onPress={() => setAnswer("fine")}>
					{ended.fine}
				</Button>
				<Button kind="ghost" icon={thumbDown} pressed={answer === "wrong"} onPress={() => setAnswer("wrong")}>
					{ended.wrong}
				</Button>
			</div>
			<p class="muted" role="status">
				{answer === "fine" ? ended.thanks : ""}
				{answer === "wrong" ? ended.advice(timeOfDay(model.now.peek(), locale, timeZone)) : ""}
			</p>
		</section>
	);
}
