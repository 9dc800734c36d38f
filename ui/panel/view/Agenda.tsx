import type { AgendaEntry } from "../../../device/contract/snapshot.ts";
import { Button } from "../../kit/controls/Button.tsx";
import { timeOfDay } from "../../kit/i18n/time.ts";
import { Ask } from "./Ask.tsx";
import type { PanelProps } from "./ScreenProps.ts";

const MINUTE = 60_000;

/** Today's meetings: the one that can be joined is lit, with the one big button; each that can't says why. */
export function Agenda(props: PanelProps) {
	const { model, snapshot, words } = props;
	const now = model.now.value;
	const entries = snapshot.agenda.entries.filter((entry) => entry.end > now).sort((a, b) => a.start - b.start);
	const lit = entries.find((entry) => entry.join) ?? null;
	const room = lit ? 3 : 5;
	const others = entries.filter((entry) => entry !== lit);
	const hidden = others.length - room;
	return (
		<section class="agenda" aria-label={words.agenda}>
			{lit ? <Lit {...props} entry={lit} /> : null}
			{entries.length === 0 ? <p class="nothing">{words.nothingToday}</p> : null}
			{others.length === 0 ? null : (
				<ul>
					{others.slice(0, room).map((entry) => (
						<Slot key={entry.id} {...props} entry={entry} />
					))}
				</ul>
			)}
			{hidden > 0 ? <p class="more">{words.more(hidden)}</p> : null}
		</section>
	);
}

function Lit({ model, snapshot, words, entry }: PanelProps & { entry: AgendaEntry }) {
	const { locale, timeZone } = snapshot.room;
	const minutes = Math.ceil((entry.start - model.now.value) / MINUTE);
	const when = minutes > 0 ? words.inMinutes(minutes) : words.sinceMinutes(-minutes);
	const time = (ms: number) => timeOfDay(ms, locale, timeZone);
	return (
		<article class="card lit">
			<h2>{entry.title ?? words.reserved}</h2>
			<p class="muted">
				{time(entry.start)} – {time(entry.end)} · {when}
			</p>
			<Ask
				model={model}
				intent={{ type: "panel.join", entry: entry.id }}
				can={snapshot.can.join}
				kind="primary"
				size="wide"
				class="join"
			>
				{words.join}
			</Ask>
		</article>
	);
}

function Slot({ model, snapshot, words, entry }: PanelProps & { entry: AgendaEntry }) {
	const { locale, timeZone } = snapshot.room;
	const cancelled = entry.why === "cancelled";
	const why = words.why(entry);
	const canType = entry.why === "no_link" || entry.why === "link_stripped";
	return (
		<li class={cancelled ? "card slot cancelled" : "card slot"}>
			<span class="when">{timeOfDay(entry.start, locale, timeZone)}</span>
			<div class="what">
				<h2>{entry.title ?? words.reserved}</h2>
				{why === "" ? null : <p class="why">{why}</p>}
			</div>
			{canType ? (
				<Button
					kind="ghost"
					onPress={() => {
						model.aside.value = "link";
					}}
				>
					{words.enterLink}
				</Button>
			) : entry.join ? (
				<Ask model={model} intent={{ type: "panel.join", entry: entry.id }} can={snapshot.can.join}>
					{words.join}
				</Ask>
			) : (
				<span class="length muted">{words.minutes(Math.round((entry.end - entry.start) / MINUTE))}</span>
			)}
		</li>
	);
}
