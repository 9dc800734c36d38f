import type { Screen, ScreenName, Snapshot } from "../../../device/contract/snapshot.ts";
import type { PanelModel } from "../model/PanelModel.ts";
import type { AllWords } from "../words/languages.ts";

/** What every screen draws from: the device's snapshot, the words of its language, and the model for touches and the clock. */
export interface PanelProps {
	model: PanelModel;
	snapshot: Snapshot;
	words: AllWords;
}

export interface ScreenProps<Name extends ScreenName> extends PanelProps {
	screen: Extract<Screen, { name: Name }>;
}
