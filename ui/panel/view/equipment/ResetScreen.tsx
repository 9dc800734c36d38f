import back from "lucide:arrow-left";
import views from "lucide:bookmark";
import membership from "lucide:building-2";
import erase from "lucide:eraser";
import keys from "lucide:key-round";
import network from "lucide:network";
import { Button } from "../../../kit/controls/Button.tsx";
import { HoldButton } from "../../../kit/controls/HoldButton.tsx";
import { Icon } from "../../../kit/icons/Icon.tsx";
import { de } from "../../words/reset/de.ts";
import { en } from "../../words/reset/en.ts";
import type { Lost } from "../../words/reset/ResetWords.ts";
import { Frame } from "../Frame.tsx";
import type { PanelProps } from "../ScreenProps.ts";

const languages = { de, en };
const icons: Record<Lost, string> = { membership, views, keys, network };
const intent = { type: "panel.factory_reset" } as const;

/** The second time that is asked: everything that will be gone, and a key that is held for it. Then, that it happens. */
export function ResetScreen(props: PanelProps) {
	const { model, snapshot } = props;
	const { can, reset, update } = snapshot;
	const said = languages[snapshot.room.locale];
	const begun = reset?.state === "begun";
	return (
		<Frame
			{...props}
			name="reset"
			title={said.question}
			bar={
				begun ? null : (
					<>
						<HoldButton
							kind="alarm"
							icon={erase}
							class="twice"
							disabled={!can.factoryReset}
							pending={model.isPending(intent)}
							onHeld={() => model.send(intent)}
						>
							{said.hold}
						</HoldButton>
						<Button
							icon={back}
							class="tile end"
							onPress={() => {
								model.aside.value = "service";
							}}
						>
							<span>{props.words.back}</span>
						</Button>
					</>
				)
			}
		>
			<p class="explain" role="status">
				{begun ? said.begun : said.consequence}
			</p>
			{begun ? null : (
				<>
					<ul class="lost-things">
						{(Object.keys(said.lost) as Lost[]).map((thing) => (
							<li key={thing}>
								<Icon drawing={icons[thing]} />
								{said.lost[thing]}
							</li>
						))}
					</ul>
					<p class="explain">{said.afterwards}</p>
					{can.factoryReset ? null : <p class="explain care">{update === null ? said.inUse : said.updating}</p>}
					{reset?.code ? <p class="explain care">{said.failures[reset.code]}</p> : null}
				</>
			)}
		</Frame>
	);
}
