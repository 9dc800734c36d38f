import back from "lucide:arrow-left";
import { useEffect } from "preact/hooks";
import { Button } from "../../kit/controls/Button.tsx";
import { Ask } from "./Ask.tsx";
import { Frame } from "./Frame.tsx";
import type { PanelProps } from "./ScreenProps.ts";

/** The device asks who is there for a minute at a time. */
const LOOK_AGAIN_MS = 30_000;

/** The rooms that can be called, each with what is known of it. */
export function RoomsScreen(props: PanelProps) {
	const { model, snapshot, words } = props;
	useEffect(() => {
		model.look();
		const again = setInterval(() => model.look(), LOOK_AGAIN_MS);
		return () => clearInterval(again);
	}, [model]);
	return (
		<Frame
			{...props}
			name="rooms"
			title={words.rooms.title}
			bar={
				<Button
					icon={back}
					class="tile end"
					onPress={() => {
						model.aside.value = null;
					}}
				>
					<span>{words.back}</span>
				</Button>
			}
		>
			{snapshot.can.call ? null : (
				<p class="explain">{snapshot.directory.length === 0 ? words.rooms.none : words.rooms.cannot}</p>
			)}
			<ul class="room-list">
				{snapshot.directory.map((room) => {
					const state = room.online === null ? "unknown" : room.online ? "online" : "offline";
					return (
						<li key={room.id}>
							<Ask
								model={model}
								intent={{ type: "panel.call", room: room.id }}
								can={snapshot.can.call && room.online !== false}
								class={`room ${state}`}
							>
								<strong>{room.name}</strong>
								<small>{words.rooms[state]}</small>
							</Ask>
						</li>
					);
				})}
			</ul>
		</Frame>
	);
}
