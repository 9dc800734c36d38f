import { useState } from "preact/hooks";
import type { Command } from "../../../provisioning/contract/commands.ts";
import type { CommandRecord, Device } from "../../../provisioning/contract/http/shapes.ts";
import { Button } from "../../kit/controls/Button.tsx";
import { useLoaded } from "../model/useLoaded.ts";
import { Choice } from "./Field.tsx";
import { moment } from "./roomWords.ts";
import { may, type ScreenProps } from "./ScreenProps.ts";

interface Props extends ScreenProps {
	room: Device;
	onChanged: (room: Device) => void;
}

const reasons = ["lost", "stolen", "compromised", "replaced", "other"] as const;

/** What can be asked of a room at once, and how it answered. What can't be taken back is asked for twice. */
export function RoomActions({ model, say, session, room, onChanged }: Props) {
	const [sure, setSure] = useState<"unenrol" | "revoke" | null>(null);
	const [reason, setReason] = useState<(typeof reasons)[number]>("lost");
	const asked = useLoaded(
		model,
		`commands ${room.id}`,
		(signal) => model.client.call("devices.commands", { params: { id: room.id } }, signal),
		({ devices, all }) => all || devices.some(({ id }) => id === room.id),
	);
	if (!may(session, "technician", "fleet_admin")) return null;
	const there = room.state === "active" && room.online;
	const send = (body: Command) =>
		void model.perform(async () => {
			await model.client.call("devices.command", { params: { id: room.id }, body });
			setSure(null);
			asked.reload();
		});
	return (
		<section class="card" aria-labelledby="actions-title">
			<h2 id="actions-title">{say.actions.title}</h2>
			{there ? null : <p class="muted">{say.actions.offline}</p>}
			<div class="actions">
				<Button disabled={!there} onPress={() => send({ op: "identify", args: { number: 1, seconds: 60 } })}>
					{say.actions.identify}
				</Button>
				<Button disabled={!there} onPress={() => send({ op: "doctor", args: {} })}>
					{say.actions.doctor}
				</Button>
				<Button disabled={!there} onPress={() => send({ op: "restart", args: {} })}>
					{say.actions.restart}
				</Button>
				<Button
					kind="ghost"
					disabled={!there}
					expanded={sure === "unenrol"}
					onPress={() => setSure(sure === "unenrol" ? null : "unenrol")}
				>
					{say.actions.unenrol}
				</Button>
				{may(session, "fleet_admin") && (room.state === "active" || room.state === "pending") ? (
					<Button
						kind="ghost"
						expanded={sure === "revoke"}
						onPress={() => setSure(sure === "revoke" ? null : "revoke")}
					>
						{say.actions.revoke}
					</Button>
				) : null}
			</div>
			{sure === "unenrol" ? (
				<div class="sure">
					<p>{say.actions.unenrolExplain}</p>
					<Button kind="alarm" onPress={() => send({ op: "unenrol", args: {} })}>
						{say.actions.unenrolSure}
					</Button>
				</div>
			) : null}
			{sure === "revoke" ? (
				<div class="sure">
					<p>{say.actions.revokeExplain}</p>
					<Choice
						label={say.actions.reason}
						value={reason}
						options={reasons.map((value) => ({ value, text: say.actions.reasons[value] }))}
						onChange={setReason}
					/>
					<Button
						kind="alarm"
						onPress={() =>
							void model.perform(async () => {
								onChanged(await model.client.call("devices.revoke", { params: { id: room.id }, body: { reason } }));
								setSure(null);
							})
						}
					>
						{say.actions.revokeSure}
					</Button>
				</div>
			) : null}
			<ul class="lines">
				{(asked.value?.items ?? []).slice(0, 5).map((record) => (
					<Answer key={record.mid} record={record} say={say} />
				))}
			</ul>
		</section>
	);
}

function Answer({ record, say }: { record: CommandRecord; say: Props["say"] }) {
	const { response, state, op } = record;
	const checks = response?.checks ?? [];
	const bad = checks.filter(({ status }) => status === "failed" || status === "warning");
	return (
		<li>
			<span class="muted">{moment(record.at, say.locale)}</span>
			<span>{say.actions[op]}</span>
			<span class={state === "expired" || (response && response.status >= 400) ? "alarm-text" : "muted"}>
				{state === "answered" && response ? say.actions.answer(response.status) : say.actions.states[state]}
				{response?.code ? ` · ${response.code}` : ""}
			</span>
			{checks.length > 0 ? (
				<ul class="checks">
					<li>{say.actions.checks(checks.length - bad.length, checks.length)}</li>
					{bad.map(({ name, advice, status }) => (
						<li key={name} class={status === "failed" ? "alarm-text" : ""}>
							{name}: {advice ?? status}
						</li>
					))}
				</ul>
			) : null}
		</li>
	);
}
