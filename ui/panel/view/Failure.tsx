import type { FailureReason } from "../../../device/contract/failure.ts";
import { FailureNote } from "../../kit/controls/FailureNote.tsx";
import type { AllWords } from "../words/languages.ts";

/** Why a call did not come about, or ended. */
export function Failure({ failure, words }: { failure: FailureReason; words: AllWords }) {
	return <FailureNote {...words.kit.failures[failure]} codeWord={words.kit.failureCode} code={failure} />;
}
