import type { ReadonlySignal } from "@preact/signals";
import { useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";

interface Props {
	picture: ReadonlySignal<MediaStream | null>;
	label: string;
}

/** The own picture, as in a mirror: what people expect of themselves, while the far end sees it unmirrored. */
export function SelfPicture({ picture, label }: Props) {
	const video = useRef<HTMLVideoElement>(null);
	useSignalEffect(() => {
		if (video.current) video.current.srcObject = picture.value;
	});
	return <video ref={video} class="mirror" data-testid="self-video" aria-label={label} autoplay playsInline muted />;
}
