import type { ComponentChild } from "preact";
import { useEffect, useState } from "preact/hooks";

type View<Props> = (props: Props) => ComponentChild;

/** A part of the service page, which comes when it is looked at first: a panel's start must not carry it. Nothing is drawn until then. */
export function later<Props extends object>(load: () => Promise<View<Props>>) {
	let loaded: View<Props> | null = null;
	return (props: Props) => {
		const [Part, setPart] = useState<View<Props> | null>(() => loaded);
		useEffect(() => {
			if (loaded) return;
			void load().then((part) => {
				loaded = part;
				setPart(() => part);
			});
		}, []);
		return Part && <Part {...props} />;
	};
}
