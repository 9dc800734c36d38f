import cameraOff from "lucide:video-off";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../../kit/icons/Icon.tsx";
import type { PanelProps } from "./ScreenProps.ts";
import { sourceWords } from "./sourceWords.ts";

/** The room's own picture, or in words why there is none. */
export function SelfView({ model, snapshot, words }: PanelProps) {
	const { camera } = snapshot.media;
	const seen = camera.state === "open" && camera.flowing;
	return (
		<figure class={seen ? "self-view seen" : "self-view"}>
			{seen ? (
				<Picture key={model.connections.value} alt={words.kit.selfView} />
			) : (
				<div class="self-view-none">
					<Icon drawing={cameraOff} />
					<p>{sourceWords(camera, "camera", words) ?? words.kit.controls.cameraOff}</p>
				</div>
			)}
			<figcaption>{seen ? words.kit.selfView : words.selfView.none}</figcaption>
		</figure>
	);
}

/** A stream of JPEGs in an image. The browser would go on loading it after it left the page, so it is told to stop. */
function Picture({ alt }: { alt: string }) {
	const image = useRef<HTMLImageElement>(null);
	const [asked, setAsked] = useState(0);
	useLayoutEffect(() => {
		const element = image.current;
		return () => element?.removeAttribute("src");
	}, []);
	return (
		<img
			ref={image}
			src={`/preview/self?${asked}`}
			alt={alt}
			onError={() => setTimeout(() => setAsked((count) => count + 1), 1000)}
		/>
	);
}
