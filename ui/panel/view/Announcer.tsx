import type { Snapshot } from "../../../device/contract/snapshot.ts";
import type { AllWords } from "../words/languages.ts";
import type { PanelProps } from "./ScreenProps.ts";

/** Says aloud what changes about the call's security. It is always there, because a live region is read when its text changes. */
export function Announcer({ snapshot, words }: PanelProps) {
	return (
		<div class="heard-only" role="status" aria-live="assertive" aria-atomic="true">
			{said(snapshot, words)}
		</div>
	);
}

function said({ screen }: Snapshot, words: AllWords): string {
	if (screen.name !== "call") return "";
	if (screen.phase === "recovering") return `${words.kit.reconnecting}. ${words.kit.reconnectingKept}`;
	if (screen.security === "verified" && screen.compared) return `${words.kit.compare.done}.`;
	return words.kit.securitySaid[screen.security];
}
