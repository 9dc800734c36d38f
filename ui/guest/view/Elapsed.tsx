import { useEffect, useState } from "preact/hooks";
import { duration } from "../../kit/i18n/time.ts";

interface Props {
	/** Epoch milliseconds; null while it hasn't begun. */
	since: number | null;
	label: string;
}

/** How long the call has been going on. Redraws itself alone, once a second. */
export function Elapsed({ since, label }: Props) {
	const [now, setNow] = useState(Date.now);
	useEffect(() => {
		const timer = setInterval(() => setNow(Date.now()), 1000);
		return () => clearInterval(timer);
	}, []);
	if (since === null) return null;
	return (
		<span class="elapsed muted">
			<span class="heard-only">{label} </span>
			{duration((now - since) / 1000)}
		</span>
	);
}
