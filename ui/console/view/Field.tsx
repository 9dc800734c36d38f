import { useId } from "preact/hooks";

interface Props {
	label: string;
	hint?: string;
	value: string;
	onInput: (value: string) => void;
	type?: "text" | "number" | "time" | "search" | "url" | "datetime-local";
	required?: boolean;
	disabled?: boolean;
	maxLength?: number;
	min?: number;
	max?: number;
	placeholder?: string;
	/** Suggestions, of which none has to be taken. */
	suggestions?: readonly string[];
}

/** A labelled input. */
export function Field(props: Props) {
	const { label, hint, value, onInput, type = "text", suggestions } = props;
	const id = useId();
	return (
		<div class="field">
			<label for={id}>{label}</label>
			<input
				id={id}
				type={type}
				value={value}
				required={props.required ?? false}
				disabled={props.disabled ?? false}
				maxLength={props.maxLength}
				min={props.min}
				max={props.max}
				placeholder={props.placeholder}
				autocomplete="off"
				spellcheck={false}
				aria-describedby={hint ? `${id}-hint` : undefined}
				list={suggestions ? `${id}-list` : undefined}
				onInput={({ currentTarget }) => onInput(currentTarget.value)}
			/>
			{suggestions ? (
				<datalist id={`${id}-list`}>
					{suggestions.map((suggestion) => (
						<option key={suggestion} value={suggestion} />
					))}
				</datalist>
			) : null}
			{hint ? (
				<p class="hint" id={`${id}-hint`}>
					{hint}
				</p>
			) : null}
		</div>
	);
}

/** One of a few. */
export function Choice<T extends string>(props: {
	label: string;
	value: T;
	options: readonly { value: T; text: string }[];
	disabled?: boolean;
	onChange: (value: T) => void;
}) {
	const id = useId();
	return (
		<div class="field">
			<label for={id}>{props.label}</label>
			<select
				id={id}
				value={props.value}
				disabled={props.disabled ?? false}
				onChange={({ currentTarget }) => props.onChange(currentTarget.value as T)}
			>
				{props.options.map(({ value, text }) => (
					<option key={value} value={value}>
						{text}
					</option>
				))}
			</select>
		</div>
	);
}
