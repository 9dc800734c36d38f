import { Button } from "../../kit/controls/Button.tsx";
import type { GuestPage } from "../model/GuestPage.ts";
import type { PageWords } from "../words/words.ts";
import { DeviceChoice } from "./DeviceChoice.tsx";
import { SelfPicture } from "./SelfPicture.tsx";
import { SourceButton } from "./SourceButton.tsx";
import { SourceTroubles } from "./SourceTroubles.tsx";

interface Props {
	page: GuestPage;
	words: PageWords;
}

/** Longest name that the handshake carries. */
const NAME_LENGTH = 64;

/**
 * Before the meeting: the own picture, who hears what, a name if one likes, and Join. Camera and microphone open at a touch and
 * never by themselves, also when the browser would allow it without asking: as in a room.
 */
export function LobbyScreen({ page, words }: Props) {
	const { microphone, camera, picture } = page.media;
	const text = words.own.lobby;
	const untouched = microphone.value === "closed" && camera.value === "closed";
	const asking = microphone.value === "starting" || camera.value === "starting";
	return (
		<>
			<div class="mirror-frame">
				<SelfPicture picture={picture} label={words.shared.selfView} />
				{picture.value ? null : (
					<p class="instead">{untouched ? text.asks : asking ? text.asking : text.cameraIsOff}</p>
				)}
				{untouched ? null : (
					<div class="over-picture">
						<SourceButton page={page} kind="microphone" words={words} />
						<SourceButton page={page} kind="camera" words={words} />
					</div>
				)}
			</div>
			<form
				class="join-form"
				onSubmit={(event) => {
					event.preventDefault();
					if (untouched) void page.media.open();
					else page.join();
				}}
			>
				<h1 tabIndex={-1}>{text.title}</h1>
				<SourceTroubles page={page} words={words} />
				<label class="field">
					<span>{text.name}</span>
					<input
						data-testid="name"
						type="text"
						autocomplete="name"
						maxLength={NAME_LENGTH}
						aria-describedby="name-hint"
						value={page.name.value}
						onInput={(event) => {
							page.name.value = event.currentTarget.value;
						}}
					/>
					<small id="name-hint" class="muted">
						{text.nameHint}
					</small>
				</label>
				{untouched ? (
					<>
						<Button kind="primary" size="large" class="turn-on" type="submit">
							{text.turnOn}
						</Button>
						<Button kind="ghost" class="join" onPress={() => page.join()}>
							{text.withoutDevices}
						</Button>
					</>
				) : (
					<>
						<Button kind="primary" size="large" class="join" type="submit">
							{text.join}
						</Button>
						<details class="quiet">
							<summary>{text.devices}</summary>
							<DeviceChoice page={page} words={words} />
						</details>
					</>
				)}
				<details class="quiet" data-testid="trust">
					<summary>{text.trustTitle}</summary>
					{text.trust(page.host).map((sentence) => (
						<p key={sentence}>{sentence}</p>
					))}
				</details>
			</form>
		</>
	);
}
