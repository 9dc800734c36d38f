import { useState } from "preact/hooks";
import { FailureNote } from "../../kit/controls/FailureNote.tsx";
import { Heading } from "../../kit/controls/Heading.tsx";
import { Steps } from "../../kit/controls/Steps.tsx";
import { CodeEntry } from "./CodeEntry.tsx";
import { Frame } from "./Frame.tsx";
import type { ScreenProps } from "./ScreenProps.ts";

/** Beyond this it takes longer than it should. */
const SLOW_MS = 15_000;
const steps = ["connecting", "proving", "waiting", "confirming"] as const;

/** A device that is not in service: it takes a code, says how it goes, or why it can't go on. */
export function UnclaimedScreen(props: ScreenProps<"unclaimed">) {
	const { screen } = props;
	// A code that was refused stays, so that one wrong character is one touch.
	const [code, setCode] = useState("");
	if (screen.step === "code" && props.snapshot.can.enrol) {
		return <CodeEntry key="code" {...props} code={code} onCode={setCode} />;
	}
	if (screen.failure !== null) return <Stopped key="stopped" {...props} />;
	return <Underway key="underway" {...props} />;
}

/** One sentence, the next step, and the code that IT asks for. It goes on by itself when what is missing comes. */
function Stopped(props: ScreenProps<"unclaimed">) {
	const { words, screen } = props;
	if (screen.failure === null) return null;
	return (
		<Frame {...props} name="centred" bar={null}>
			<FailureNote {...words.enrol.failures[screen.failure]} codeWord={words.kit.failureCode} code={screen.failure} />
			{screen.serial === "" ? null : (
				<p class="muted">
					{words.enrol.serial} <code>{screen.serial}</code>
				</p>
			)}
		</Frame>
	);
}

function Underway(props: ScreenProps<"unclaimed">) {
	const { model, words, screen } = props;
	const { enrol } = words;
	const place = (steps as readonly string[]).indexOf(screen.step);
	const slow = screen.since !== null && model.now.value - screen.since > SLOW_MS;
	return (
		<Frame {...props} name="centred" bar={null}>
			<span class="underway" aria-hidden="true" />
			<Heading>{screen.step === "starting" ? enrol.starting : enrol.underway}</Heading>
			{place < 0 ? (
				<p class="explain">{screen.step === "starting" ? enrol.startingExplain : enrol.configuring}</p>
			) : (
				<Steps words={steps.map((step) => enrol.steps[step])} at={place} />
			)}
			<p class="explain care" role="status">
				{slow ? enrol.slow : ""}
			</p>
		</Frame>
	);
}
