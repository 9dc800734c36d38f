import { roomColumns } from "../../../provisioning/contract/http/roomColumns.ts";
import { Button } from "../../kit/controls/Button.tsx";
import { conditions } from "../model/Rooms.ts";
import { RoomWall } from "./RoomWall.tsx";
import { toneOf } from "./roomWords.ts";
import { SaveButtons } from "./SaveButtons.tsx";
import { may, type ScreenProps } from "./ScreenProps.ts";

/** The fleet at a glance: numbers that can be opened, and the wall of rooms. */
export function RoomsScreen({ model, say, session }: ScreenProps) {
	const { rooms } = model;
	const counts = rooms.counts.value;
	const total = conditions.reduce((sum, condition) => sum + (condition === "gone" ? 0 : counts[condition]), 0);
	const found = rooms.found.value;
	const only = rooms.only.value;
	const tile = (condition: keyof typeof say.tiles) => (
		<button
			key={condition}
			type="button"
			class={`tile ${counts[condition] > 0 ? toneOf[condition] : "plain"}`}
			aria-pressed={only === condition}
			onClick={() => {
				rooms.only.value = only === condition ? null : condition;
			}}
		>
			<strong>{counts[condition]}</strong>
			<span>{say.tiles[condition]}</span>
		</button>
	);
	return (
		<section class="rooms-screen" aria-labelledby="rooms-title">
			<header class="head">
				<h1 id="rooms-title">
					{say.rooms.title} <small>{say.rooms.connected(total - counts.offline, total)}</small>
				</h1>
				<input
					class="search"
					type="search"
					placeholder={say.rooms.search}
					aria-label={say.rooms.search}
					value={rooms.search.value}
					onInput={({ currentTarget }) => {
						rooms.search.value = currentTarget.value;
					}}
				/>
				{may(session, "technician", "fleet_admin") ? (
					<Button kind="primary" onPress={() => model.go({ name: "enrol" })}>
						{say.enrol.title}
					</Button>
				) : null}
			</header>
			<fieldset class="tiles" aria-label={say.rooms.filter}>
				{(["free", "in_call", "trouble", "offline", "updating"] as const).map(tile)}
			</fieldset>
			<div class="shown">
				<p role="status">{say.rooms.found(found.length)}</p>
				<SaveButtons name="rooms" rows={found} columns={roomColumns} say={say} />
			</div>
			{found.length > 0 ? (
				<RoomWall rooms={found} say={say} />
			) : (
				<div class="empty">
					<p>{!rooms.loaded.value ? say.loading : total === 0 ? say.rooms.none : say.rooms.noneFound}</p>
				</div>
			)}
		</section>
	);
}
