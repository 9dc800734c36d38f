import type { Snapshot } from "../../../device/contract/snapshot.ts";
import type { AllWords } from "../words/languages.ts";
import { heldByHand } from "./heldByHand.ts";
import type { PanelProps } from "./ScreenProps.ts";

/**
 * Says aloud what changes about the call's security, and what a hand closes at the hardware. Both are always there, because a live region
 * is read when its text changes.
 */
export function Announcer({ snapshot, words }: PanelProps) {
	return (
		<>
			<div class="heard-only" role="status" aria-live="assertive" aria-atomic="true">
				{said(snapshot, words)}
			</div>
			<div class="heard-only" role="status">
				{saidOfHardware(snapshot, words)}
			</div>
		</>
	);
}

function said({ screen }: Snapshot, words: AllWords): string {
	if (screen.name !== "call") return "";
	if (screen.phase === "recovering") return `${words.kit.reconnecting}. ${words.kit.reconnectingKept}`;
	if (screen.security === "verified" && screen.compared) return `${words.kit.compare.done}.`;
	return words.kit.securitySaid[screen.security];
}

function saidOfHardware(snapshot: Snapshot, words: AllWords) {
	const held = heldByHand(snapshot);
	return (["microphone", "camera"] as const)
		.filter((kind) => held[kind])
		.map((kind) => <p key={kind}>{words.notices[`${kind}-held`]}</p>);
}
