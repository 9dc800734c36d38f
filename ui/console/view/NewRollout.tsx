import { useState } from "preact/hooks";
import type { Release } from "../../../provisioning/contract/http/shapes.ts";
import { Button } from "../../kit/controls/Button.tsx";
import { useLoaded } from "../model/useLoaded.ts";
import { Choice, Field } from "./Field.tsx";
import { megabytes } from "./roomWords.ts";
import type { ScreenProps } from "./ScreenProps.ts";
import { TroubleLine } from "./TroubleLine.tsx";

/** A bundle that is not in the service's image repository. */
const OTHER = "other";

/** What is brought to all rooms: a release that is published, or a bundle whose facts are typed. */
export function NewRollout({ model, say }: ScreenProps) {
	const [draft, setDraft] = useState({ name: "", deadline: "", version: "", url: "", digest: "", bytes: "" });
	/** A release's digest; null: nobody has chosen yet. */
	const [choice, setChoice] = useState<string | null>(null);
	const loaded = useLoaded(model, "releases", (signal) => model.client.call("releases.list", {}, signal));
	const releases = loaded.value?.items;
	if (!releases && !loaded.trouble) return <p class="card muted wide">{say.loading}</p>;
	const release = releases?.find(({ digest }) => digest === choice) ?? (choice === null ? releases?.[0] : undefined);
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
			const { name, deadline, version, url, digest, bytes } = draft;
			const bundle = release ?? { version, url, digest: digest.toLowerCase(), bytes: Number(bytes) };
			const spec = { ...bundle, deadline: deadline ? Date.parse(deadline) : null };
			const { id } = await model.client.call("rollouts.create", { body: { name: name.trim(), spec } });
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
			<TroubleLine trouble={loaded.trouble} say={say} />
			{field("name")}
			{releases && releases.length > 0 ? (
				<Choice
					label={say.rollouts.firmware}
					value={release?.digest ?? OTHER}
					options={[
						...releases.map(({ digest, version, bytes }) => ({
							value: digest,
							text: `${version} · ${megabytes(bytes, say.locale)}`,
						})),
						{ value: OTHER, text: say.rollouts.otherBundle },
					]}
					onChange={setChoice}
				/>
			) : null}
			{releases?.length === 0 ? (
				<div class="note">
					<p>{say.rollouts.nonePublished}</p>
					<p class="mono">
						incamera image repo publish &lt;folder&gt; &lt;bundle&gt; --firmware 2.1.0 --keys &lt;folder&gt;
					</p>
				</div>
			) : null}
			{release ? (
				<Bundle release={release} />
			) : (
				<>
					{field("version", { hint: "2.1.0" })}
					{field("url", { type: "url" })}
					{field("digest", { hint: say.rollouts.digestHint })}
					{field("bytes", { type: "number" })}
				</>
			)}
			{field("deadline", { type: "datetime-local", required: false, hint: say.rollouts.deadlineHint })}
			<Button kind="primary" type="submit" pending={model.busy.value}>
				{say.rollouts.begin}
			</Button>
		</form>
	);
}

/** To compare with what was built. */
function Bundle({ release }: { release: Release }) {
	return (
		<p class="muted bundle">
			<span class="mono">SHA-256 {release.digest}</span>
			<span class="mono">{release.url}</span>
		</p>
	);
}
