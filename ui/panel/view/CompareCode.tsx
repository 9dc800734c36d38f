import { CodePictures } from "../../kit/code/CodePictures.tsx";
import { Button } from "../../kit/controls/Button.tsx";
import { Heading } from "../../kit/controls/Heading.tsx";
import { Ask } from "./Ask.tsx";
import type { PanelProps } from "./ScreenProps.ts";

/** Seven pictures, read aloud on both sides. */
export function CompareCode({ model, snapshot, words, code }: PanelProps & { code: readonly number[] }) {
	const { compare } = words.kit;
	return (
		<>
			<Heading>{compare.title}</Heading>
			<p class="explain">{compare.explain}</p>
			<CodePictures code={code} locale={snapshot.room.locale} label={compare.list} />
			<div class="answers">
				<Ask
					model={model}
					intent={{ type: "panel.compare", same: true }}
					can={snapshot.can.compare}
					kind="primary"
					size="large"
				>
					{compare.same}
				</Ask>
				<Ask
					model={model}
					intent={{ type: "panel.compare", same: false }}
					can={snapshot.can.compare}
					kind="alarm"
					size="large"
				>
					<span>
						{compare.different}
						<small>{compare.differentExplain}</small>
					</span>
				</Ask>
				<Button
					kind="ghost"
					size="large"
					onPress={() => {
						model.aside.value = null;
					}}
				>
					{compare.later}
				</Button>
			</div>
		</>
	);
}
