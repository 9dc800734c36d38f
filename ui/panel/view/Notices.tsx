import info from "lucide:info";
import unplugged from "lucide:unplug";
import { Icon } from "../../kit/icons/Icon.tsx";
import type { PanelProps } from "./ScreenProps.ts";

/** What is said over any screen without covering its bar: no contact with the room, and "not now". */
export function Notices({ model, words }: PanelProps) {
	return (
		<div class="notices" role="alert">
			{model.lost.value ? (
				<div class="notice alarm">
					<Icon drawing={unplugged} />
					<p>
						<strong>{words.lost}</strong> {words.lostExplain}
					</p>
				</div>
			) : model.refused.value ? (
				<div class="notice">
					<Icon drawing={info} />
					<p>{words.notNow}</p>
				</div>
			) : null}
		</div>
	);
}
