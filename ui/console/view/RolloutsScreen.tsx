import { useState } from "preact/hooks";
import { Button } from "../../kit/controls/Button.tsx";
import { writePlace } from "../model/route.ts";
import { useLoaded } from "../model/useLoaded.ts";
import { Field } from "./Field.tsx";
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

function NewRollout({ model, say }: ScreenProps) {
	const [draft, setDraft] = useState({ name: "", version: "", url: "", digest: "", bytes: "", deadline: "" });
	const field = (
		key: keyof typeof draft,
		more: { hint?: string; type?: "url" | "number" | "datetime-local"; required?: boolean } = {},
	) => (
		<Field
			label={say.rollouts.fields[key]}
			value={draft[key]}
			required={more.required ?? true}
			onInput={(value) => setDraft({ ...draft, [key]: value })}
			{...(more.hint ? { hint: more.hint } : {})}
			{...(more.type ? { type: more.type } : {})}
		/>
	);
	const create = () =>
		model.perform(async () => {
			const { name, version, url, digest, bytes, deadline } = draft;
			const spec = {
				version,
				url,
				digest: digest.toLowerCase(),
				bytes: Number(bytes),
				deadline: deadline ? Date.parse(deadline) : null,
			};
			const { id } = await model.client.call("rollouts.create", { body: { name, spec } });
			model.go({ name: "rollout", id });
		});
	return (
		<form
			class="card form wide"
			onSubmit={(event) => {
				event.preventDefault();
				void create();
			}}
		>
			<p class="muted">{say.rollouts.explain}</p>
			{field("name")}
			{field("version", { hint: "2.1.0" })}
			{field("url", { type: "url" })}
			{field("digest", { hint: say.rollouts.digestHint })}
			{field("bytes", { type: "number" })}
			{field("deadline", { type: "datetime-local", required: false, hint: say.rollouts.deadlineHint })}
			<Button kind="primary" type="submit" pending={model.busy.value}>
				{say.rollouts.begin}
			</Button>
		</form>
	);
}
