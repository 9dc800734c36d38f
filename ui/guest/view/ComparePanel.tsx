import { useEffect, useRef } from "preact/hooks";
import { CodePictures } from "../../kit/code/CodePictures.tsx";
import { Button } from "../../kit/controls/Button.tsx";
import type { GuestCall } from "../model/GuestCall.ts";
import type { GuestPage } from "../model/GuestPage.ts";
import type { PageWords } from "../words/words.ts";

interface Props {
	page: GuestPage;
	call: GuestCall;
	code: readonly number[];
	words: PageWords;
}

/** The seven pictures, to be read aloud. Beside the bar, not over it: nothing blocks *Leave*. */
export function ComparePanel({ page, call, code, words }: Props) {
	const text = words.shared.compare;
	const heading = useRef<HTMLHeadingElement>(null);
	useEffect(() => heading.current?.focus(), []);
	return (
		<section
			class="panel compare"
			data-testid="compare-panel"
			data-code={code.join(" ")}
			aria-labelledby="compare-title"
			onKeyDown={(event) => {
				if (event.key === "Escape") page.toggle("compare");
			}}
		>
			<h2 id="compare-title" ref={heading} tabIndex={-1}>
				{text.title}
			</h2>
			<p class="muted">{text.explain}</p>
			<CodePictures code={code} locale={words.shared.locale} label={text.list} />
			{call.compared.value ? (
				<>
					<p class="compared">{text.done}</p>
					<Button class="close" onPress={() => page.toggle("compare")}>
						{words.shared.controls.close}
					</Button>
				</>
			) : (
				<div class="answers">
					<Button kind="primary" size="large" class="same" onPress={() => page.compare(true)}>
						{text.same}
					</Button>
					<Button kind="alarm" size="large" class="different" onPress={() => page.compare(false)}>
						<span>{text.different}</span>
						<small>{text.differentExplain}</small>
					</Button>
					<Button kind="ghost" size="large" class="later" onPress={() => page.toggle("compare")}>
						{text.later}
					</Button>
				</div>
			)}
		</section>
	);
}
