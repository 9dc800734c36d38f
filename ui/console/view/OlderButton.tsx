import { useRef, useState } from "preact/hooks";
import { Button } from "../../kit/controls/Button.tsx";
import type { ConsoleWords } from "../words/ConsoleWords.ts";

interface Props {
	say: ConsoleWords;
	/** Shows a page of older ones; resolves when they are there, or can't be had. */
	onPress: () => Promise<unknown>;
}

/** Until they are there it says so and does nothing; it is not disabled, since the keyboard would lose its place. */
export function OlderButton({ say, onPress }: Props) {
	const [coming, setComing] = useState(false);
	// Two presses may come before it is drawn anew.
	const asked = useRef(false);
	const press = async () => {
		if (asked.current) return;
		asked.current = true;
		setComing(true);
		try {
			await onPress();
		} finally {
			asked.current = false;
			setComing(false);
		}
	};
	return (
		<Button kind="ghost" pending={coming} blocked={coming} onPress={() => void press()}>
			{coming ? say.olderComing : say.older}
		</Button>
	);
}
