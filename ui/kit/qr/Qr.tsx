import { encode } from "uqr";

interface Props {
	text: string;
	/** What scanning it does, for someone who can't see it. */
	label: string;
}

/** A QR code, dark on light (many readers can't read the inverse), as one path. */
export function Qr({ text, label }: Props) {
	const { data, size } = encode(text, { ecc: "M", border: 0 });
	let path = "";
	data.forEach((row, y) => {
		row.forEach((dark, x) => {
			if (dark) path += `M${x} ${y}h1v1h-1z`;
		});
	});
	return (
		<svg class="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shape-rendering="crispEdges">
			<path d={path} />
		</svg>
	);
}
