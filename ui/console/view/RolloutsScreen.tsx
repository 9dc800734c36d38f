import { useState } from "preact/hooks";
import { Button } from "../../kit/controls/Button.tsx";
import { writePlace } from "../model/route.ts";
import { useLoaded } from "../model/useLoaded.ts";
import { NewRollout } from "./NewRollout.tsx";
import { moment } from "./roomWords.ts";
import { may, type ScreenProps } from "./ScreenProps.ts";
import { TroubleLine } from "./TroubleLine.tsx";
import { Waves } from "./Waves.tsx";

/** All rollouts, and a new one. */
export function RolloutsScreen({ model, say, session }: ScreenProps) {
	const [making, setMaking] = useState(false);
	const loaded = useLoaded(
		model,
		"rollouts",
		(signal) => model.client.call("rollouts.list", {}, signal),
		({ rollouts }) => rollouts.length > 0,
	);
	const items = loaded.value?.items ?? [];
	return (
		<section aria-labelledby="rollouts-title">
			<header class="head">
				<h1 id="rollouts-title">{say.rollouts.title}</h1>
				{may(session, "fleet_admin") ? (
					<Button kind={making ? "ghost" : "primary"} expanded={making} onPress={() => setMaking(!making)}>
						{making ? say.discard : say.rollouts.create}
					</Button>
				) : null}
			</header>
			<TroubleLine trouble={loaded.trouble} say={say} />
			{making ? <NewRollout model={model} say={say} session={session} /> : null}
			{loaded.value && items.length === 0 ? <p class="empty">{say.rollouts.none}</p> : null}
			<ul class="cards">
				{items.map((rollout) => (
					<li key={rollout.id}>
						<a class="card rollout" href={writePlace({ name: "rollout", id: rollout.id })}>
							<h2>
								{rollout.name} <small>{rollout.spec.version}</small>
							</h2>
							<p class="muted">
								{say.rolloutStates[rollout.state]} · {moment(rollout.createdAt, say.locale)}
							</p>
							<Waves rollout={rollout} say={say} />
						</a>
					</li>
				))}
			</ul>
		</section>
	);
}
