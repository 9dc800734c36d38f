import warning from "lucide:triangle-alert";
import type { FailureReason } from "../../../device/contract/failure.ts";
import { Icon } from "../../kit/icons/Icon.tsx";
import type { AllWords } from "../words/languages.ts";
import { Heading } from "./Heading.tsx";

/** One sentence, the next step, and the code that IT asks for. */
export function Failure({ failure, words }: { failure: FailureReason; words: AllWords }) {
	const { title, next } = words.kit.failures[failure];
	return (
		<>
			<span class="failure-mark" aria-hidden="true">
				<Icon drawing={warning} />
			</span>
			<Heading>{title}</Heading>
			<p class="explain">{next}</p>
			<p class="failure-code">
				{words.kit.failureCode} <code>{failure}</code>
			</p>
		</>
	);
}
