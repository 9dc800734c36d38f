import { useState } from "preact/hooks";
import type { Device } from "../../../provisioning/contract/http/shapes.ts";
import type { TwinDoc } from "../../../provisioning/contract/twin.ts";
import { Button } from "../../kit/controls/Button.tsx";
import { Choice, Field } from "./Field.tsx";
import { may, type ScreenProps } from "./ScreenProps.ts";
import { timeZones } from "./timeZones.ts";

interface Props extends ScreenProps {
	room: Device;
	onSaved: (room: Device) => void;
}

const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

/** What the room should be, against what it is. What somebody else changed meanwhile is never written over. */
export function TwinForm({ model, say, session, room, onSaved }: Props) {
	const { desired, reported } = room;
	const [draft, setDraft] = useState<TwinDoc | null>(null);
	const doc = draft ?? desired.doc;
	const change = (part: Partial<TwinDoc>) => setDraft({ ...doc, ...part });
	const changeRoom = (part: Partial<TwinDoc["room"]>) => change({ room: { ...doc.room, ...part } });
	const allowed = may(session, "technician", "fleet_admin") && (room.state === "active" || room.state === "pending");
	const { window } = doc.update;
	const save = () =>
		model.perform(async () => {
			const body = { rev: desired.rev, doc };
			onSaved(await model.client.call("devices.twin", { params: { id: room.id }, body }));
			setDraft(null);
		});
	return (
		<section class="card" aria-labelledby="twin-title">
			<h2 id="twin-title">{say.twin.title}</h2>
			<p class={`line ${room.twin === "in_sync" ? "calm" : room.twin === "refused" ? "alarm" : "care"}`}>
				{say.twin[room.twin]} <span class="muted">{say.twin.revisions(reported?.appliedRev ?? 0, desired.rev)}</span>
			</p>
			{reported?.errors.map(({ key, code }) => (
				<p key={key} class="line alarm">
					{say.twin.refusedKey(key)} <span class="code">{code}</span>
				</p>
			))}
			<form
				class="form"
				onSubmit={(event) => {
					event.preventDefault();
					void save();
				}}
			>
				<Field
					label={say.twin.name}
					value={doc.room.name}
					required
					maxLength={80}
					disabled={!allowed}
					onInput={(name) => changeRoom({ name })}
				/>
				<Field
					label={say.twin.seats}
					type="number"
					min={1}
					max={1000}
					disabled={!allowed}
					value={doc.room.seats === undefined ? "" : String(doc.room.seats)}
					onInput={(seats) => {
						const { seats: _, ...others } = doc.room;
						change({ room: seats === "" ? others : { ...others, seats: Number(seats) } });
					}}
				/>
				<Choice
					label={say.twin.language}
					value={doc.room.locale}
					disabled={!allowed}
					options={[
						{ value: "de", text: "Deutsch" },
						{ value: "en", text: "English" },
					]}
					onChange={(locale) => changeRoom({ locale })}
				/>
				<Field
					label={say.twin.timeZone}
					hint={say.twin.restarts}
					value={doc.room.timeZone}
					required
					disabled={!allowed}
					suggestions={timeZones()}
					onInput={(timeZone) => changeRoom({ timeZone })}
				/>
				<Choice
					label={say.twin.titles}
					value={doc.showTitles ? "yes" : "no"}
					disabled={!allowed}
					options={[
						{ value: "no", text: say.twin.titlesHidden },
						{ value: "yes", text: say.twin.titlesShown },
					]}
					onChange={(value) => change({ showTitles: value === "yes" })}
				/>
				<fieldset class="field" disabled={!allowed}>
					<legend>{say.twin.window}</legend>
					<div class="days">
						{days.map((day) => (
							<label key={day}>
								<input
									type="checkbox"
									checked={window.days.includes(day)}
									onChange={({ currentTarget }) => {
										const chosen = days.filter((other) =>
											other === day ? currentTarget.checked : window.days.includes(other),
										);
										if (chosen.length > 0) change({ update: { window: { ...window, days: chosen } } });
									}}
								/>
								{say.twin.days[day]}
							</label>
						))}
					</div>
					<div class="pair">
						<Field
							label={say.twin.from}
							type="time"
							value={window.from}
							required
							onInput={(from) => change({ update: { window: { ...window, from } } })}
						/>
						<Field
							label={say.twin.to}
							type="time"
							value={window.to}
							required
							onInput={(to) => change({ update: { window: { ...window, to } } })}
						/>
					</div>
				</fieldset>
				{allowed ? (
					<div class="actions">
						<Button kind="primary" type="submit" disabled={!draft} pending={model.busy.value}>
							{say.twin.save}
						</Button>
						{draft ? (
							<Button kind="ghost" onPress={() => setDraft(null)}>
								{say.discard}
							</Button>
						) : null}
					</div>
				) : null}
			</form>
		</section>
	);
}
