import key from "lucide:key-round";
import { useState } from "preact/hooks";
import type { Passkey } from "../../../provisioning/contract/http/shapes.ts";
import { Button } from "../../kit/controls/Button.tsx";
import type { ConsoleModel } from "../model/ConsoleModel.ts";
import { useLoaded } from "../model/useLoaded.ts";
import type { ConsoleWords } from "../words/ConsoleWords.ts";
import { Field } from "./Field.tsx";
import { date, shortMoment } from "./roomWords.ts";
import type { ScreenProps } from "./ScreenProps.ts";
import { TroubleLine } from "./TroubleLine.tsx";

/** As many as the service takes (its answer to one more is `api.passkeys_full`). */
const MOST = 10;

/** One's own ways in: with a second one nobody is locked out who loses the first. */
export function AccountScreen({ model, say }: ScreenProps) {
	const loaded = useLoaded(model, "passkeys", (signal) => model.client.call("passkeys.list", {}, signal));
	const items = loaded.value?.items;
	const step = model.passkeys.step.value;
	return (
		<section class="narrow" aria-labelledby="account-title">
			<header class="head">
				<h1 id="account-title">{say.account.title}</h1>
			</header>
			<div role="status">
				{step ? <p class="line care">{say.account.steps[step]}</p> : null}
				{items?.length === 1 && !step ? <p class="line care">{say.account.onlyOne}</p> : null}
			</div>
			<TroubleLine trouble={loaded.trouble} say={say} />
			{items ? (
				<div class="card">
					<p class="muted">{say.account.explain}</p>
					<ul class="lines passkeys">
						{items.map((passkey) => (
							<PasskeyLine
								key={passkey.id}
								passkey={passkey}
								isOnly={items.length === 1}
								model={model}
								say={say}
								onChanged={loaded.reload}
							/>
						))}
					</ul>
					{items.length < MOST ? (
						<NewPasskey model={model} say={say} onAdded={loaded.reload} />
					) : (
						<p class="muted">{say.account.full}</p>
					)}
				</div>
			) : loaded.trouble ? null : (
				<p class="muted">{say.loading}</p>
			)}
		</section>
	);
}

interface LineProps {
	passkey: Passkey;
	isOnly: boolean;
	model: ConsoleModel;
	say: ConsoleWords;
	onChanged: () => void;
}

function PasskeyLine({ passkey, isOnly, model, say, onChanged }: LineProps) {
	const [open, setOpen] = useState<"rename" | "remove" | null>(null);
	const words = say.account;
	const name = passkey.name ?? words.unnamed;
	const toggle = (what: typeof open) => setOpen(open === what ? null : what);
	const after = (went: boolean) => {
		if (!went) return;
		setOpen(null);
		onChanged();
	};
	return (
		<li aria-label={name}>
			<span class="passkey">
				<strong>{name}</strong>
				{passkey.current ? <span class="calm-text">{words.current}</span> : null}
				<span class="muted">
					{words.made(date(passkey.createdAt, say.locale))} ·{" "}
					{passkey.lastUsedAt ? words.used(shortMoment(passkey.lastUsedAt, say.locale)) : words.neverUsed}
				</span>
			</span>
			<Button kind="ghost" expanded={open === "rename"} onPress={() => toggle("rename")}>
				{words.rename}
			</Button>
			{isOnly ? null : (
				<Button kind="ghost" expanded={open === "remove"} onPress={() => toggle("remove")}>
					{words.remove}
				</Button>
			)}
			{open === "rename" ? (
				<NewName
					before={passkey.name ?? ""}
					busy={model.busy.value}
					say={say}
					onName={async (to) => after(await model.passkeys.rename(passkey.id, to))}
				/>
			) : null}
			{open === "remove" ? (
				<div class="sure">
					<p>{passkey.current ? words.removeCurrent : words.removeExplain}</p>
					<Button
						kind="alarm"
						pending={model.busy.value}
						onPress={async () => after(await model.passkeys.remove(passkey.id))}
					>
						{words.removeSure}
					</Button>
				</div>
			) : null}
		</li>
	);
}

interface NewNameProps {
	before: string;
	busy: boolean;
	say: ConsoleWords;
	onName: (name: string) => void;
}

function NewName({ before, busy, say, onName }: NewNameProps) {
	const [name, setName] = useState(before);
	return (
		<form
			class="form"
			onSubmit={(event) => {
				event.preventDefault();
				onName(name.trim());
			}}
		>
			<Field label={say.account.name} value={name} onInput={setName} required maxLength={80} />
			<Button type="submit" pending={busy} disabled={name.trim() === ""}>
				{say.account.save}
			</Button>
		</form>
	);
}

function NewPasskey({ model, say, onAdded }: { model: ConsoleModel; say: ConsoleWords; onAdded: () => void }) {
	const [name, setName] = useState("");
	return (
		<form
			class="form"
			onSubmit={async (event) => {
				event.preventDefault();
				if (!(await model.passkeys.add(name.trim()))) return;
				setName("");
				onAdded();
			}}
		>
			<Field
				label={say.account.name}
				hint={say.account.nameHint}
				value={name}
				onInput={setName}
				required
				maxLength={80}
			/>
			<Button kind="primary" icon={key} type="submit" pending={model.busy.value}>
				{say.account.add}
			</Button>
		</form>
	);
}
