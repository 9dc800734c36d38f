import lock from "lucide:lock";
import lockOpen from "lucide:lock-keyhole";
import shieldCheck from "lucide:shield-check";
import type { Security } from "../../../device/contract/snapshot.ts";
import type { Words } from "../i18n/Words.ts";
import { Badge } from "./Badge.tsx";

interface Props {
	security: Security;
	words: Words;
}

/** The lock badge: the same words and colours in the room and at the guest's. */
export function SecurityBadge({ security, words }: Props) {
	const icon = { securing: lockOpen, verified: shieldCheck, encrypted: lock }[security];
	const state = { securing: "plain", verified: "calm", encrypted: "care" }[security] as "plain" | "calm" | "care";
	return (
		<Badge state={state} icon={icon}>
			{words.security[security]}
		</Badge>
	);
}
