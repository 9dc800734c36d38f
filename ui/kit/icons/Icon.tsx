interface Props {
	/** The drawing, from `import lock from "lucide:lock"`. */
	drawing: string;
}

/** A line icon. Always beside words or inside something with a name, so a screen reader skips it. */
export function Icon({ drawing }: Props) {
	return <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" dangerouslySetInnerHTML={{ __html: drawing }} />;
}
