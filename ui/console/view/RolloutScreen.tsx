import { isJobOver } from "../../../provisioning/contract/jobs.ts";
import { Button } from "../../kit/controls/Button.tsx";
import { writePlace } from "../model/route.ts";
import { useLoaded } from "../model/useLoaded.ts";
import { reasonOf } from "./eventWords.ts";
import { may, type ScreenProps } from "./ScreenProps.ts";
import { TroubleLine } from "./TroubleLine.tsx";
import { Waves } from "./Waves.tsx";

/** One rollout: its waves, its rooms with those that failed first, and what can be done with it. */
export function RolloutScreen({ model, say, session, id }: ScreenProps & { id: string }) {
	const concerns = ({ rollouts }: { rollouts: string[] }) => rollouts.includes(id);
	const loaded = useLoaded(
		model,
		id,
		(signal) => model.client.call("rollouts.get", { params: { id } }, signal),
		concerns,
	);
	const rooms = useLoaded(
		model,
		`rooms ${id}`,
		(signal) => model.client.call("rollouts.devices", { params: { id }, query: { limit: "200" } }, signal),
		concerns,
	);
	const rollout = loaded.value;
	if (!rollout)
		return loaded.trouble ? <TroubleLine trouble={loaded.trouble} say={say} /> : <p class="muted">{say.loading}</p>;
	const ask = (verb: "pause" | "resume" | "cancel") =>
		void model.perform(async () => loaded.set(await model.client.call(`rollouts.${verb}`, { params: { id } })));
	const open = rollout.state === "running" || rollout.state === "paused";
	return (
		<section aria-labelledby="rollout-title">
			<header class="head">
				<h1 id="rollout-title">
					{rollout.name}{" "}
					<small>
						{rollout.spec.version} · {say.rolloutStates[rollout.state]}
					</small>
				</h1>
				{open && may(session, "fleet_admin") ? (
					<div class="actions">
						{rollout.state === "running" ? (
							<Button onPress={() => ask("pause")}>{say.rollouts.pause}</Button>
						) : (
							<Button kind="primary" onPress={() => ask("resume")}>
								{say.rollouts.resume}
							</Button>
						)}
						<Button kind="alarm" onPress={() => ask("cancel")}>
							{say.rollouts.cancel}
						</Button>
					</div>
				) : null}
			</header>
			{rollout.reason ? (
				<p class={`line ${rollout.reason === "rollout.paused_by_person" ? "care" : "alarm"}`} role="status">
					{say.rollouts.reasons[rollout.reason]} <span class="code">{rollout.reason}</span>
				</p>
			) : null}
			<section class="card">
				<Waves rollout={rollout} say={say} />
			</section>
			<section class="card" aria-labelledby="rollout-rooms">
				<h2 id="rollout-rooms">{say.rooms.title}</h2>
				<TroubleLine trouble={rooms.trouble} say={say} />
				<ul class="lines aligned">
					{(rooms.value?.items ?? []).map((room) => (
						<li key={room.device}>
							<a href={writePlace({ name: "room", id: room.device })}>{room.name}</a>
							<span class={room.error && isJobOver(room.state) ? "alarm-text" : ""}>
								{say.jobStates[room.state]}
								{room.pct === null ? "" : ` · ${Math.round(room.pct)} %`}
							</span>
							<span class="muted">
								{room.error ? (
									<>
										{reasonOf(room.error, say)} <span class="code">{room.error}</span>
									</>
								) : null}
							</span>
						</li>
					))}
				</ul>
			</section>
		</section>
	);
}
