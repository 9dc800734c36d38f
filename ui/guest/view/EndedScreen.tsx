import { Button } from "../../kit/controls/Button.tsx";
import { duration } from "../../kit/i18n/time.ts";
import type { Outcome } from "../model/GuestCall.ts";
import type { GuestPage } from "../model/GuestPage.ts";
import type { PageWords } from "../words/words.ts";
import { Explanation } from "./Explanation.tsx";

interface Props {
	page: GuestPage;
	outcome: Outcome;
	words: PageWords;
}

/** How it went, in one line, and the way back. */
export function EndedScreen({ page, outcome, words }: Props) {
	const again = (
		<Button kind={outcome.failure ? "primary" : "plain"} size="large" class="again" onPress={() => page.again()}>
			{words.own.ended.again}
		</Button>
	);
	if (outcome.failure)
		return (
			<Explanation {...words.shared.failures[outcome.failure]} code={outcome.failure} words={words}>
				{again}
			</Explanation>
		);
	return (
		<Explanation
			title={words.shared.ends[outcome.end]}
			next={outcome.seconds > 0 ? words.own.ended.lasted(duration(outcome.seconds)) : words.own.ended.close}
			words={words}
		>
			{again}
		</Explanation>
	);
}
