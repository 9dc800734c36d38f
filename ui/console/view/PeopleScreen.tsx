import { useState } from "preact/hooks";
import { type Role, roles, type Scope, scopes } from "../../../provisioning/contract/http/route.ts";
import { Button } from "../../kit/controls/Button.tsx";
import { useLoaded } from "../model/useLoaded.ts";
import { Choice, Field } from "./Field.tsx";
import { moment } from "./roomWords.ts";
import { may, type ScreenProps } from "./ScreenProps.ts";
import { TroubleLine } from "./TroubleLine.tsx";

/** Who may sign in, and which programs may call. */
export function PeopleScreen(props: ScreenProps) {
	const { say, session } = props;
	return (
		<section aria-labelledby="people-title">
			<header class="head">
				<h1 id="people-title">{say.people.title}</h1>
			</header>
			<div class="columns">
				<People {...props} />
				{may(session, "fleet_admin") ? <Tokens {...props} /> : null}
			</div>
		</section>
	);
}

/** A secret that is shown this once. */
function Once({ text, explain, say }: Pick<ScreenProps, "say"> & { text: string; explain: string }) {
	const [copied, setCopied] = useState(false);
	return (
		<div class="sure">
			<p>{explain}</p>
			<p class="secret mono" data-testid="secret">
				{text}
			</p>
			<Button
				onPress={() =>
					void navigator.clipboard.writeText(text).then(
						() => setCopied(true),
						() => {},
					)
				}
			>
				{copied ? say.copied : say.copy}
			</Button>
		</div>
	);
}

function People({ model, say, session }: ScreenProps) {
	const [role, setRole] = useState<Role>("technician");
	const [url, setUrl] = useState<string | null>(null);
	const loaded = useLoaded(model, "people", (signal) => model.client.call("people.list", {}, signal));
	const admin = may(session, "fleet_admin");
	const roleOptions = roles.map((value) => ({ value, text: say.roles[value] }));
	return (
		<section class="card" aria-labelledby="who-title">
			<h2 id="who-title">{say.people.who}</h2>
			<TroubleLine trouble={loaded.trouble} say={say} />
			<ul class="lines">
				{(loaded.value?.items ?? []).map((person) => {
					const change = (part: { role?: Role; disabled?: boolean }) =>
						void model.perform(async () => {
							const body = { role: person.role, disabled: person.disabled, ...part };
							await model.client.call("people.change", { params: { id: person.id }, body });
							loaded.reload();
						});
					return (
						<li key={person.id}>
							<span>
								{person.name} {person.disabled ? <b class="alarm-text">{say.people.disabled}</b> : null}
							</span>
							{admin && person.id !== session.person.id ? (
								<div class="controls">
									<Choice
										label={say.people.role}
										value={person.role}
										options={roleOptions}
										onChange={(role) => change({ role })}
									/>
									<Button kind="ghost" onPress={() => change({ disabled: !person.disabled })}>
										{person.disabled ? say.people.enable : say.people.disable}
									</Button>
								</div>
							) : (
								<span class="muted">{say.roles[person.role]}</span>
							)}
						</li>
					);
				})}
			</ul>
			{admin ? (
				<form
					class="form"
					onSubmit={(event) => {
						event.preventDefault();
						void model.perform(async () => setUrl((await model.client.call("people.invite", { body: { role } })).url));
					}}
				>
					<Choice label={say.people.inviteAs} value={role} options={roleOptions} onChange={setRole} />
					<Button kind="primary" type="submit" pending={model.busy.value}>
						{say.people.invite}
					</Button>
				</form>
			) : null}
			{url ? <Once text={url} explain={say.people.inviteExplain} say={say} /> : null}
		</section>
	);
}

function Tokens({ model, say }: ScreenProps) {
	const [name, setName] = useState("");
	const [days, setDays] = useState("90");
	const [chosen, setChosen] = useState<readonly Scope[]>(["fleet:read"]);
	const [token, setToken] = useState<string | null>(null);
	const loaded = useLoaded(model, "tokens", (signal) => model.client.call("tokens.list", {}, signal));
	return (
		<section class="card" aria-labelledby="tokens-title">
			<h2 id="tokens-title">{say.tokens.title}</h2>
			<p class="muted">{say.tokens.explain}</p>
			<TroubleLine trouble={loaded.trouble} say={say} />
			<ul class="lines">
				{(loaded.value?.items ?? []).map((one) => (
					<li key={one.id}>
						<span>{one.name}</span>
						<span class="muted">
							{one.scopes.join(", ")} · {say.room.until(moment(one.expiresAt, say.locale))}
						</span>
						<Button
							kind="ghost"
							onPress={() =>
								void model.perform(async () => {
									await model.client.call("tokens.delete", { params: { id: one.id } });
									loaded.reload();
								})
							}
						>
							{say.tokens.end}
						</Button>
					</li>
				))}
			</ul>
			<form
				class="form"
				onSubmit={(event) => {
					event.preventDefault();
					void model.perform(async () => {
						const body = { name: name.trim(), scopes: [...chosen], days: Number(days) };
						setToken((await model.client.call("tokens.create", { body })).token);
						loaded.reload();
					});
				}}
			>
				<Field label={say.tokens.name} value={name} onInput={setName} required maxLength={80} />
				<Field label={say.tokens.days} type="number" min={1} max={365} value={days} onInput={setDays} required />
				<fieldset class="field">
					<legend>{say.tokens.scopes}</legend>
					<div class="days">
						{scopes.map((scope) => (
							<label key={scope}>
								<input
									type="checkbox"
									checked={chosen.includes(scope)}
									onChange={({ currentTarget }) =>
										setChosen(
											scopes.filter((other) => (other === scope ? currentTarget.checked : chosen.includes(other))),
										)
									}
								/>
								{scope}
							</label>
						))}
					</div>
				</fieldset>
				<Button
					kind="primary"
					type="submit"
					pending={model.busy.value}
					disabled={chosen.length === 0 || name.trim() === ""}
				>
					{say.tokens.create}
				</Button>
			</form>
			{token ? <Once text={token} explain={say.tokens.once} say={say} /> : null}
		</section>
	);
}
