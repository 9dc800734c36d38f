import { useState } from "preact/hooks";
import type { Enrolment } from "../../../provisioning/contract/http/shapes.ts";
import { Button } from "../../kit/controls/Button.tsx";
import { Qr } from "../../kit/qr/Qr.tsx";
import { writePlace } from "../model/route.ts";
import { useLoaded } from "../model/useLoaded.ts";
import { Choice, Field } from "./Field.tsx";
import { moment } from "./roomWords.ts";
import type { ScreenProps } from "./ScreenProps.ts";
import { TroubleLine } from "./TroubleLine.tsx";
import { timeZones } from "./timeZones.ts";

/** A new room: its code is made here, typed at the device, and the room appears by itself. */
export function EnrolScreen({ model, say }: ScreenProps) {
	const [name, setName] = useState("");
	const [seats, setSeats] = useState("");
	const [locale, setLocale] = useState(say.locale);
	const [timeZone, setTimeZone] = useState(Intl.DateTimeFormat().resolvedOptions().timeZone);
	const [made, setMade] = useState<{ code: string; about: Enrolment } | null>(null);
	const codes = useLoaded(
		model,
		"enrolments",
		(signal) => model.client.call("enrolments.list", {}, signal),
		({ enrolments }) => enrolments,
	);
	const items = codes.value?.items ?? [];
	const now = made ? items.find(({ id }) => id === made.about.id) : undefined;
	const create = () =>
		model.perform(async () => {
			const room = { name: name.trim(), locale, timeZone, ...(seats === "" ? {} : { seats: Number(seats) }) };
			setMade(await model.client.call("enrolments.create", { body: { room } }));
			codes.reload();
		});
	return (
		<section class="enrol-screen" aria-labelledby="enrol-title">
			<header class="head">
				<h1 id="enrol-title">{say.enrol.title}</h1>
			</header>
			<div class="columns">
				<div>
					{made ? (
						<CodeLabel
							made={made}
							now={now}
							say={say}
							onNext={() => {
								setMade(null);
								setName("");
							}}
						/>
					) : (
						<form
							class="card form"
							onSubmit={(event) => {
								event.preventDefault();
								void create();
							}}
						>
							<p class="muted">{say.enrol.explain}</p>
							<Field label={say.twin.name} value={name} onInput={setName} required maxLength={80} />
							<Field label={say.twin.seats} type="number" min={1} max={1000} value={seats} onInput={setSeats} />
							<Choice
								label={say.twin.language}
								value={locale}
								options={[
									{ value: "de", text: "Deutsch" },
									{ value: "en", text: "English" },
								]}
								onChange={setLocale}
							/>
							<Field
								label={say.twin.timeZone}
								value={timeZone}
								required
								onInput={setTimeZone}
								suggestions={timeZones()}
							/>
							<Button kind="primary" type="submit" pending={model.busy.value} disabled={name.trim() === ""}>
								{say.enrol.create}
							</Button>
						</form>
					)}
				</div>
				<section class="card" aria-labelledby="codes-title">
					<h2 id="codes-title">{say.enrol.codes}</h2>
					<TroubleLine trouble={codes.trouble} say={say} />
					{codes.value && items.length === 0 ? <p class="muted">{say.enrol.noCodes}</p> : null}
					<ul class="lines">
						{items.map((code) => (
							<li key={code.id}>
								<span class="mono">{code.lookup}-…</span>
								<span>
									{code.device ? (
										<a href={writePlace({ name: "room", id: code.device })}>{code.roomName}</a>
									) : (
										code.roomName
									)}
								</span>
								<span class={code.state === "locked" ? "alarm-text" : "muted"}>
									{say.codeStates[code.state]}
									{code.tries > 0 ? ` · ${say.enrol.tries(code.tries)}` : ""}
									{code.state === "open" ? ` · ${say.room.until(moment(code.expiresAt, say.locale))}` : ""}
								</span>
								{code.state === "open" ? (
									<Button
										kind="ghost"
										onPress={() =>
											void model.perform(async () => {
												await model.client.call("enrolments.withdraw", { params: { id: code.id } });
												codes.reload();
											})
										}
									>
										{say.enrol.withdraw}
									</Button>
								) : null}
							</li>
						))}
					</ul>
				</section>
			</div>
		</section>
	);
}

interface LabelProps extends Pick<ScreenProps, "say"> {
	made: { code: string; about: Enrolment };
	/** The code as it stands now. */
	now: Enrolment | undefined;
	onNext: () => void;
}

/** The code, large, as text and QR: also what is printed. */
function CodeLabel({ made, now, say, onNext }: LabelProps) {
	const { code, about } = made;
	const device = now?.state === "used" ? now.device : null;
	return (
		<section class="card lit label" aria-labelledby="label-title">
			<h2 id="label-title">{about.roomName}</h2>
			{device ? (
				<>
					<p class="line calm" role="status">
						{say.enrol.arrived}
					</p>
					<a class="button primary" href={writePlace({ name: "room", id: device })}>
						{say.enrol.open}
					</a>
				</>
			) : (
				<>
					<div class="label-code">
						<Qr text={code} label={say.enrol.qr} />
						<p class="big-code" data-testid="code">
							{code.split("-").map((group) => (
								<span key={group}>{group}</span>
							))}
						</p>
					</div>
					<p class="muted">{say.enrol.once(moment(about.expiresAt, say.locale))}</p>
					<p class="line care" role="status">
						{say.enrol.waiting}
					</p>
				</>
			)}
			<div class="actions no-print">
				<Button onPress={() => print()}>{say.enrol.print}</Button>
				<Button kind="ghost" onPress={onNext}>
					{say.enrol.next}
				</Button>
			</div>
		</section>
	);
}
