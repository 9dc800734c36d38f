import type { GuestPage } from "../model/GuestPage.ts";
import type { Chosen } from "../model/LocalMedia.ts";
import type { PageWords } from "../words/words.ts";

interface Props {
	page: GuestPage;
	words: PageWords;
}

/** Camera, microphone and, where the browser lets a page choose it, the speaker. */
export function DeviceChoice({ page, words }: Props) {
	const { devices, chosen } = page.media;
	const text = words.own.devices;
	const choice = (kind: keyof Chosen) => {
		const list = devices.value[kind];
		if (list.length === 0) return null;
		const own = list.some(({ deviceId }) => deviceId === "default");
		return (
			<label class="field">
				<span>{text[kind]}</span>
				<select
					data-testid={`choose-${kind}`}
					value={chosen.value[kind]}
					onChange={(event) => void page.media.choose(kind, event.currentTarget.value)}
				>
					{own ? null : <option value="">{text.standard}</option>}
					{list.map(({ deviceId, label }, index) => (
						<option key={deviceId} value={deviceId === "default" ? "" : deviceId}>
							{label || text.unnamed(index + 1)}
						</option>
					))}
				</select>
			</label>
		);
	};
	return (
		<div class="device-choice">
			{choice("microphone")}
			{choice("camera")}
			{page.canChooseSpeaker ? choice("speaker") : null}
		</div>
	);
}
