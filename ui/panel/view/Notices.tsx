import info from "lucide:info";
import unplugged from "lucide:unplug";
import { Icon } from "../../kit/icons/Icon.tsx";
import type { PanelProps } from "./ScreenProps.ts";

/** What is said over any screen without covering its bar: no contact with the room, and why a touch did nothing. */
export function Notices({ model, words }: PanelProps) {
	const notice = model.notice.value;
	return (
		<div class="notices" role="alert">
			{model.lost.value ? (
				<div class="notice alarm">
					<Icon drawing={unplugged} />
					<p>
						<strong>{words.lost}</strong> {words.lostExplain}
					</p>
				</div>
			) : notice !== null ? (
				<div class="notice">
					<Icon drawing={info} />
					<p>{words.notices[notice]}</p>
				</div>
			) : null}
		</div>
	);
}
