import type { Source } from "../../../device/contract/snapshot.ts";
import type { AllWords } from "../words/languages.ts";

/** What stands against a source, in words; null where nothing does. An open source from which nothing comes is one of them. */
export function sourceWords(source: Source, kind: "microphone" | "camera", words: AllWords): string | null {
	if (source.state === "open") return source.flowing ? null : words.source[kind].still;
	if (source.state === "absent" || source.state === "busy" || source.state === "denied") {
		return words.source[kind][source.state];
	}
	return null;
}
