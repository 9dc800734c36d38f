import type { Locale } from "../../../device/contract/snapshot.ts";
import { pictureFile, pictures } from "./pictures.ts";

interface Props {
	/** Seven indices, 0–63. */
	code: readonly number[];
	locale: Locale;
	/** What the list is, for a screen reader. */
	label: string;
}

/** The code that both sides compare: the same seven drawings on the panel and on the guest's page, each with its name. */
export function CodePictures({ code, locale, label }: Props) {
	return (
		<ol class="code-pictures" aria-label={label} lang={locale}>
			{code.map((index, place) => (
				<li key={place}>
					<img src={`${import.meta.env.BASE_URL}${pictureFile(index)}`} alt="" width="128" height="128" />
					<span>{pictures[index]?.[locale]}</span>
				</li>
			))}
		</ol>
	);
}
