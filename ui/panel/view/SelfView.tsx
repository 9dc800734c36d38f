import microphone from "lucide:mic";
import camera from "lucide:video";
import cameraOff from "lucide:video-off";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../../kit/icons/Icon.tsx";
import type { PanelProps } from "./ScreenProps.ts";
import { sourceWords } from "./sourceWords.ts";

/** The room's own picture, or in words why there is none, and which devices it comes from. */
export function SelfView({ model, snapshot, words }: PanelProps) {
	const { media } = snapshot;
	const seen = media.camera.state === "open" && media.camera.flowing;
	return (
		<figure class="self-view card">
			{seen ? (
				<Picture key={model.connections.value} alt={words.kit.selfView} />
			) : (
				<div class="self-view-none">
					<Icon drawing={cameraOff} />
					<p>{sourceWords(media.camera, "camera", words) ?? words.kit.controls.cameraOff}</p>
				</div>
			)}
			<figcaption>
				<strong>{seen ? words.kit.selfView : words.selfView.none}</strong>
				<ul class="sources">
					{media.camera.device === null ? null : (
						<li>
							<Icon drawing={camera} />
							<span>{media.camera.device}</span>
						</li>
					)}
					{media.microphone.device === null ? null : (
						<li>
							<Icon drawing={microphone} />
							<span>{media.microphone.device}</span>
						</li>
					)}
				</ul>
			</figcaption>
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
