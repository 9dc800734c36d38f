import network from "lucide:network";
import warning from "lucide:triangle-alert";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Button } from "../../kit/controls/Button.tsx";
import { Icon } from "../../kit/icons/Icon.tsx";
import { Qr } from "../../kit/qr/Qr.tsx";
import { CODE_LENGTH, caretAfter, codeOf, grouped } from "../model/enrolCode.ts";
import { CodeKeys } from "./CodeKeys.tsx";
import { Frame } from "./Frame.tsx";
import type { ScreenProps } from "./ScreenProps.ts";

interface Props extends ScreenProps<"unclaimed"> {
	/** As far as it is typed. */
	code: string;
	onCode: (code: string) => void;
}

/** Nobody's device: a code puts it into service. By hand, by a scanner that types, or pasted. */
export function CodeEntry(props: Props) {
	const { model, snapshot, words, screen, code, onCode } = props;
	const { enrol } = words;
	const input = useRef<HTMLInputElement>(null);
	const intent = { type: "panel.enrol", code } as const;
	const can = snapshot.can.enrol && code.length === CODE_LENGTH;
	// a scanner types into whatever has the focus
	useLayoutEffect(() => input.current?.focus({ preventScroll: true }), []);
	return (
		<Frame {...props} name="enrol" title={enrol.title} bar={<Network {...props} />}>
			<form
				class="code-form"
				onSubmit={(event) => {
					event.preventDefault();
					if (can) model.send(intent);
				}}
			>
				<Notice {...props} />
				<div class="code-line">
					<label class="heard-only" for="code">
						{enrol.field}
					</label>
					<input
						ref={input}
						id="code"
						type="text"
						inputMode="none"
						autocomplete="off"
						autocapitalize="characters"
						spellcheck={false}
						maxLength={64}
						placeholder="XXXX-XXXX-XXXX-XXXX"
						value={grouped(code)}
						onInput={({ currentTarget: field }) => {
							const before = codeOf(field.value.slice(0, field.selectionStart ?? field.value.length)).length;
							const typed = codeOf(field.value);
							field.value = grouped(typed);
							field.setSelectionRange(caretAfter(before), caretAfter(before));
							onCode(typed);
						}}
					/>
					<Button kind="primary" type="submit" disabled={!can} pending={model.isPending(intent)}>
						{enrol.enrol}
					</Button>
				</div>
				<CodeKeys words={words} onKey={(key) => onCode(codeOf(code + key))} onErase={() => onCode(code.slice(0, -1))} />
			</form>
			<aside class="code-aside card">
				<Qr text={screen.enrolUrl ?? screen.serial} label={screen.enrolUrl === null ? enrol.serial : enrol.qr} />
				{screen.enrolUrl === null ? null : <p>{enrol.qr}</p>}
				<p class="muted">
					{enrol.serial} <code>{screen.serial}</code>
				</p>
			</aside>
		</Frame>
	);
}

/** What to do; or why the last try did not do it, and what to do then. */
function Notice({ words, screen }: Props) {
	if (screen.failure === null) return <p class="explain">{words.enrol.explain}</p>;
	const { title, next } = words.enrol.failures[screen.failure];
	return (
		<div class="code-failure" role="alert">
			<Icon drawing={warning} />
			<p>
				<strong>{title}</strong> {next}{" "}
				<span class="muted">
					{words.kit.failureCode} <code>{screen.failure}</code>
				</span>
			</p>
		</div>
	);
}

function Network({ words, screen }: Props) {
	const { addresses } = screen;
	const none = addresses.length === 0;
	return (
		<p class={none ? "network none" : "network"}>
			<Icon drawing={none ? warning : network} />
			<span>{none ? words.enrol.noNetwork : words.enrol.network(addresses.join(", "))}</span>
		</p>
	);
}
