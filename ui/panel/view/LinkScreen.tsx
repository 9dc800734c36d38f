import back from "lucide:arrow-left";
import meetNow from "lucide:circle-plus";
import { useState } from "preact/hooks";
import { Button } from "../../kit/controls/Button.tsx";
import { Ask } from "./Ask.tsx";
import { Frame } from "./Frame.tsx";
import { Keyboard } from "./Keyboard.tsx";
import type { PanelProps } from "./ScreenProps.ts";

/** A link by hand or by a scanner that types, and the easier way round: start here and let the others scan. */
export function LinkScreen(props: PanelProps) {
	const { model, snapshot, words } = props;
	const [link, setLink] = useState("");
	const intent = { type: "panel.join_link", link: link.trim() } as const;
	const can = snapshot.can.join && intent.link !== "";
	return (
		<Frame
			{...props}
			name="link"
			title={words.link.title}
			bar={
				<>
					<p class="instead">{words.link.instead}</p>
					<Ask model={model} intent={{ type: "panel.meet_now" }} can={snapshot.can.meetNow} icon={meetNow}>
						{words.meetNow}
					</Ask>
					<Button
						icon={back}
						class="end"
						onPress={() => {
							model.aside.value = null;
						}}
					>
						{words.back}
					</Button>
				</>
			}
		>
			<form
				class="link-form"
				onSubmit={(event) => {
					event.preventDefault();
					if (can) model.send(intent);
				}}
			>
				<label class="heard-only" for="link">
					{words.link.field}
				</label>
				<input
					id="link"
					type="text"
					inputMode="none"
					autocomplete="off"
					autocapitalize="off"
					spellcheck={false}
					maxLength={512}
					placeholder={words.link.explain}
					value={link}
					onInput={(event) => setLink(event.currentTarget.value)}
				/>
				<Button kind="primary" type="submit" disabled={!can} pending={model.isPending(intent)}>
					{words.link.join}
				</Button>
			</form>
			<Keyboard
				words={words}
				onKey={(key) => setLink((text) => text + key)}
				onErase={() => setLink((text) => text.slice(0, -1))}
			/>
		</Frame>
	);
}
