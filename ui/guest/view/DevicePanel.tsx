import { useEffect, useRef } from "preact/hooks";
import { Button } from "../../kit/controls/Button.tsx";
import type { GuestPage } from "../model/GuestPage.ts";
import type { PageWords } from "../words/words.ts";
import { DeviceChoice } from "./DeviceChoice.tsx";

/** Another microphone, camera or speaker in the middle of a call, and how loud the far end is. */
export function DevicePanel({ page, words }: { page: GuestPage; words: PageWords }) {
	const heading = useRef<HTMLHeadingElement>(null);
	useEffect(() => heading.current?.focus(), []);
	return (
		<section
			class="panel devices"
			data-testid="device-panel"
			aria-labelledby="devices-title"
			onKeyDown={(event) => {
				if (event.key === "Escape") page.toggle("devices");
			}}
		>
			<h2 id="devices-title" ref={heading} tabIndex={-1}>
				{words.own.call.devicesTitle}
			</h2>
			{page.canSetVolume ? (
				<label class="field">
					<span>{words.shared.controls.volume}</span>
					<input
						type="range"
						data-testid="volume"
						min={0}
						max={100}
						step={5}
						value={page.volume.value}
						onInput={(event) => {
							page.volume.value = Number(event.currentTarget.value);
						}}
					/>
				</label>
			) : null}
			<DeviceChoice page={page} words={words} />
			<div class="answers">
				<Button kind="ghost" class="language" onPress={() => page.switchLanguage()}>
					{words.shared.otherLanguage}
				</Button>
				<Button class="close" onPress={() => page.toggle("devices")}>
					{words.shared.controls.close}
				</Button>
			</div>
		</section>
	);
}
