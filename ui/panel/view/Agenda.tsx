import { useLayoutEffect, useRef, useState } from "preact/hooks";
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
	const others = entries.filter((entry) => entry !== lit);
	const { section, fit, below } = useFitting(others.length);
	return (
		<section class="agenda" aria-label={words.agenda} ref={section}>
			{lit ? <Lit {...props} entry={lit} /> : null}
			{entries.length === 0 && snapshot.agenda.failure === null ? <p class="nothing">{words.nothingToday}</p> : null}
			{others.length === 0 ? null : (
				<ul>
					{others.map((entry, place) => (
						<Slot key={entry.id} {...props} entry={entry} fits={place < fit} />
					))}
				</ul>
			)}
			{fit < others.length ? (
				<p class="more" style={{ top: `${below}px` }}>
					{words.more(others.length - fit)}
				</p>
			) : null}
		</section>
	);
}

/** How many of the list's entries fit into the section whole, with a line beneath for the number of the others; and where that line goes. */
function useFitting(count: number) {
	const section = useRef<HTMLElement>(null);
	const [found, setFound] = useState({ fit: count, below: 0 });
	useLayoutEffect(() => {
		const element = section.current;
		if (!element) return;
		const measure = () => {
			const top = element.getBoundingClientRect().top;
			const bottoms = [...element.querySelectorAll("li")].map((item) => item.getBoundingClientRect().bottom - top);
			const height = element.clientHeight;
			const line = 2.25 * Number.parseFloat(getComputedStyle(element).fontSize);
			const all = (bottoms.at(-1) ?? 0) <= height + 1;
			const fit = all ? bottoms.length : bottoms.filter((bottom) => bottom + line <= height + 1).length;
			const below = (bottoms[fit - 1] ?? 0) + line / 4;
			setFound((before) => (before.fit === fit && before.below === below ? before : { fit, below }));
		};
		measure();
		const observer = new ResizeObserver(measure);
		observer.observe(element);
		for (const child of element.children) observer.observe(child);
		return () => observer.disconnect();
	}, [count]);
	return { section, ...found };
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

function Slot({ model, snapshot, words, entry, fits }: PanelProps & { entry: AgendaEntry; fits: boolean }) {
	const { locale, timeZone } = snapshot.room;
	const cancelled = entry.why === "cancelled";
	const why = words.why(entry);
	const canType = entry.why === "no_link" || entry.why === "link_stripped";
	return (
		<li class={["card slot", cancelled ? "cancelled" : "", fits ? "" : "unfit"].join(" ")}>
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
					{words.enterLinkHere}
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
