import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { DeviceSummary } from "../../../provisioning/contract/http/shapes.ts";
import { conditionOf } from "../model/Rooms.ts";
import { writePlace } from "../model/route.ts";
import type { ConsoleWords } from "../words/ConsoleWords.ts";
import { nowOf, toneOf } from "./roomWords.ts";

interface Props {
	rooms: readonly DeviceSummary[];
	say: ConsoleWords;
}

/** Pixels, as the style sheet has them. */
const leastWidth = 176;
const height = 104;
const gap = 14;
/** Rows drawn above and below what is seen. */
const spare = 4;

/** The wall of rooms. Only the rows in sight are in the document, so five thousand rooms scroll like fifty. */
export function RoomWall({ rooms, say }: Props) {
	const wall = useRef<HTMLUListElement>(null);
	const [view, setView] = useState({ columns: 5, first: 0, rows: 12 });
	useLayoutEffect(() => {
		const look = () => {
			const list = wall.current;
			if (!list) return;
			const { top, width } = list.getBoundingClientRect();
			const columns = Math.max(1, Math.floor((width + gap) / (leastWidth + gap)));
			const first = Math.max(0, Math.floor(-top / (height + gap)) - spare);
			const rows = Math.ceil(innerHeight / (height + gap)) + 2 * spare;
			setView((before) =>
				before.columns === columns && before.first === first && before.rows === rows
					? before
					: { columns, first, rows },
			);
		};
		look();
		addEventListener("scroll", look, { passive: true });
		addEventListener("resize", look);
		return () => {
			removeEventListener("scroll", look);
			removeEventListener("resize", look);
		};
	}, []);
	const { columns, rows } = view;
	const allRows = Math.ceil(rooms.length / columns);
	const first = Math.min(view.first, Math.max(0, allRows - rows));
	const from = first * columns;
	const shown = rooms.slice(from, from + rows * columns);
	return (
		<ul
			ref={wall}
			class="wall"
			style={{
				height: `${allRows * (height + gap) - gap}px`,
				paddingTop: `${first * (height + gap)}px`,
				gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`,
			}}
		>
			{shown.map((room, index) => {
				const tone = toneOf[conditionOf(room)];
				return (
					<li key={room.id} aria-setsize={rooms.length} aria-posinset={from + index + 1}>
						<a class={`room ${tone}`} href={writePlace({ name: "room", id: room.id })}>
							<strong>
								<i class={`dot ${tone}`} aria-hidden="true" />
								{room.name}
							</strong>
							<span>{nowOf(room, say)}</span>
						</a>
					</li>
				);
			})}
		</ul>
	);
}
