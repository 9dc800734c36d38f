import cameraOff from "lucide:video-off";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Snapshot } from "../../../device/contract/snapshot.ts";
import { Icon } from "../../kit/icons/Icon.tsx";
import { heldByHand } from "./heldByHand.ts";
import type { PanelProps } from "./ScreenProps.ts";
import { sourceWords } from "./sourceWords.ts";

/** Whether there is a picture of this room to be seen. */
export function isSeen(snapshot: Snapshot): boolean {
	const { state, flowing } = snapshot.media.camera;
	return state === "open" && flowing && !heldByHand(snapshot).camera;
}

/** The room's own picture as the far end sees it, or in words why there is none. */
export function OwnPicture({ model, snapshot, words }: PanelProps) {
	if (isSeen(snapshot)) return <Stream key={model.connections.value} alt={words.kit.selfView} />;
	const held = heldByHand(snapshot).camera ? words.notices["camera-held"] : null;
	const why = held ?? sourceWords(snapshot.media.camera, "camera", words) ?? words.kit.controls.cameraOff;
	return (
		<div class="own-picture none">
			<Icon drawing={cameraOff} />
			<p>{why}</p>
		</div>
	);
}

/** A stream of JPEGs in an image. The browser would go on loading it after it left the page, so it is told to stop. */
function Stream({ alt }: { alt: string }) {
	const image = useRef<HTMLImageElement>(null);
	const [asked, setAsked] = useState(0);
	useLayoutEffect(() => {
		const element = image.current;
		return () => element?.removeAttribute("src");
	}, []);
	return (
		<img
			ref={image}
			class="own-picture"
			src={`/preview/self?${asked}`}
			alt={alt}
			onError={() => setTimeout(() => setAsked((count) => count + 1), 1000)}
		/>
	);
}
