import { SecurityBadge } from "../../kit/controls/SecurityBadge.tsx";
import { CallBar } from "./CallBar.tsx";
import { CompareCode } from "./CompareCode.tsx";
import { EquipmentSheet, openSheet } from "./equipment/EquipmentSheet.tsx";
import { FarEnd } from "./FarEnd.tsx";
import { Frame } from "./Frame.tsx";
import type { ScreenProps } from "./ScreenProps.ts";
import { SelfView } from "./SelfView.tsx";

/** In a call, from securing to recovering. The far end is on the TV; here is who it is, how safe it is, and what can be done. */
export function CallScreen(props: ScreenProps<"call">) {
	const { model, snapshot, words, screen } = props;
	// The code stays on the stage, over the bar: leaving is always possible.
	const comparing = model.aside.value === "compare" && screen.code !== null && snapshot.can.compare;
	const badge = <SecurityBadge security={screen.security} words={words.kit} />;
	const sheet = openSheet(props);
	if (sheet !== null) return <EquipmentSheet key={sheet} {...props} sheet={sheet} badge={badge} />;
	return (
		<Frame
			key={comparing ? "compare" : "call"}
			{...props}
			name={comparing ? "compare" : "call"}
			badge={badge}
			bar={<CallBar {...props} />}
		>
			{comparing && screen.code !== null ? (
				<CompareCode {...props} code={screen.code} />
			) : (
				<>
					<FarEnd {...props} />
					<SelfView {...props} />
				</>
			)}
		</Frame>
	);
}
