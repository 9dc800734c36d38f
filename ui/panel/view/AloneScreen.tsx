import check from "lucide:check";
import copy from "lucide:copy";
import { useState } from "preact/hooks";
import { Button } from "../../kit/controls/Button.tsx";
import { Heading } from "../../kit/controls/Heading.tsx";
import { Qr } from "../../kit/qr/Qr.tsx";
import { CallBar } from "./CallBar.tsx";
import { EquipmentSheet, openSheet } from "./equipment/EquipmentSheet.tsx";
import { Frame } from "./Frame.tsx";
import type { ScreenProps } from "./ScreenProps.ts";
import { SelfView } from "./SelfView.tsx";

/** Nobody else is here yet: how others come, and how the room looks. */
export function AloneScreen(props: ScreenProps<"alone">) {
	const { words, screen } = props;
	const [copied, setCopied] = useState(false);
	const sheet = openSheet(props);
	if (sheet !== null) return <EquipmentSheet key={sheet} {...props} sheet={sheet} />;
	return (
		<Frame key="alone" {...props} name="alone" bar={<CallBar {...props} />}>
			<div class="invite">
				<Qr text={screen.guestLink} label={words.kit.qr} />
				<div class="invite-words">
					<Heading>{words.alone.title}</Heading>
					<p class="explain">{words.alone.explain}</p>
					<p class="guest-link">{screen.guestLink}</p>
					<Button
						kind="ghost"
						icon={copied ? check : copy}
						onPress={() => {
							navigator.clipboard.writeText(screen.guestLink).then(
								() => setCopied(true),
								() => setCopied(false),
							);
						}}
					>
						{copied ? words.alone.copied : words.alone.copy}
					</Button>
				</div>
			</div>
			<SelfView {...props} />
		</Frame>
	);
}
