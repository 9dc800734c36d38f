import minus from "lucide:minus";
import plus from "lucide:plus";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { TurnOffer } from "../../../device/meeting/turning.ts";
import { Button } from "../../kit/controls/Button.tsx";
import { holdByKeys } from "../../kit/thumb/holdByKeys.ts";
import { letGoWhenAway } from "../../kit/thumb/letGoWhenAway.ts";
import { ThumbPad } from "../../kit/thumb/ThumbPad.tsx";
import { ZoomKey } from "../../kit/thumb/ZoomKey.tsx";
import type { GuestCall } from "../model/GuestCall.ts";
import type { PageWords } from "../words/words.ts";

interface Props {
	call: GuestCall;
	offer: TurnOffer;
	words: PageWords;
}

/** Turns the far end's camera, over its picture, while the people there let us. Whatever takes it off the screen lets go. */
export function FarCamera({ call, offer, words }: Props) {
	const { thumb } = call;
	const controls = useRef<HTMLElement>(null);
	useLayoutEffect(() => {
		if (!controls.current) return;
		const ends = [holdByKeys(controls.current, thumb), letGoWhenAway(thumb)];
		return () => {
			for (const end of ends) end();
		};
	}, [thumb]);
	const { turning } = words.shared;
	return (
		<section class="far-camera" data-testid="far-camera" aria-label={words.own.call.turnFar} ref={controls}>
			{offer.presets.length === 0 ? null : (
				<ul class="far-presets" aria-label={turning.presets}>
					{offer.presets.map(({ number, name }) => (
						<li key={number}>
							<Button onPress={() => call.turn({ do: "recall", preset: number })}>
								{name ?? turning.preset(number)}
							</Button>
						</li>
					))}
				</ul>
			)}
			<ThumbPad thumb={thumb} words={turning} />
			<div class="zoom">
				<ZoomKey thumb={thumb} way="out" icon={minus} label={turning.ways.out} />
				<ZoomKey thumb={thumb} way="in" icon={plus} label={turning.ways.in} />
			</div>
		</section>
	);
}
