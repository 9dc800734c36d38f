import { useEffect, useState } from "preact/hooks";

interface Props {
	text: string;
	/** What scanning it does, for someone who can't see it. */
	label: string;
}

/** A QR code, dark on light (many readers can't read the inverse), as one path. Its maker is only loaded where there is one to be shown. */
export function Qr({ text, label }: Props) {
	const [code, setCode] = useState({ path: "", size: 1 });
	useEffect(() => {
		let wanted = true;
		import("uqr").then(
			({ encode }) => {
				if (wanted) setCode(drawn(encode(text, { ecc: "M", border: 0 })));
			},
			// No code then: what it says stands beside it in words.
			() => {},
		);
		return () => {
			wanted = false;
		};
	}, [text]);
	return (
		<svg
			class="qr"
			viewBox={`0 0 ${code.size} ${code.size}`}
			role="img"
			aria-label={label}
			shape-rendering="crispEdges"
		>
			<path d={code.path} />
		</svg>
	);
}

function drawn({ data, size }: { data: boolean[][]; size: number }): { path: string; size: number } {
	let path = "";
	data.forEach((row, y) => {
		row.forEach((dark, x) => {
			if (dark) path += `M${x} ${y}h1v1h-1z`;
		});
	});
	return { path, size };
}
