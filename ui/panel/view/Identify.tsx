import { useState } from "preact/hooks";
import type { PanelProps } from "./ScreenProps.ts";

/**
 * Which of these devices is it? Its number, as large as fits, over every screen until it is touched; the bar beneath stays free, so that
 * leaving is possible.
 */
export function Identify({ model, snapshot, words }: PanelProps) {
	const { identify } = snapshot;
	const [hidden, setHidden] = useState(0);
	const shown = identify !== null && model.now.value < identify.until && hidden !== identify.until;
	return (
		<div role="status">
			{shown ? (
				<button type="button" class="identify" onClick={() => setHidden(identify.until)}>
					<strong>{identify.number}</strong>
					<span>{words.identify}</span>
				</button>
			) : null}
		</div>
	);
}
