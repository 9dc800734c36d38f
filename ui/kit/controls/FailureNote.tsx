import warning from "lucide:triangle-alert";
import { Icon } from "../icons/Icon.tsx";
import { Heading } from "./Heading.tsx";

interface Props {
	/** What went wrong, in one sentence. */
	title: string;
	/** What a person can do next. */
	next: string;
	/** "Code", in their language. */
	codeWord: string;
	code: string;
}

/** One sentence, the next step, and the code that IT asks for. */
export function FailureNote({ title, next, codeWord, code }: Props) {
	return (
		<>
			<span class="failure-mark" aria-hidden="true">
				<Icon drawing={warning} />
			</span>
			<Heading>{title}</Heading>
			<p class="explain">{next}</p>
			<p class="failure-code">
				{codeWord} <code>{code}</code>
			</p>
		</>
	);
}
