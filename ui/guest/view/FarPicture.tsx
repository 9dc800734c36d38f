import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { GuestCall } from "../model/GuestCall.ts";
import type { GuestPage } from "../model/GuestPage.ts";
import { mark } from "../model/marks.ts";

interface Props {
	page: GuestPage;
	call: GuestCall;
	label: string;
}

/** The far end's picture and sound. It stays in the page while their camera is off: their sound goes on. */
export function FarPicture({ page, call, label }: Props) {
	const video = useRef<HTMLVideoElement>(null);

	useEffect(() => {
		const element = video.current;
		if (!element?.requestVideoFrameCallback) return;
		const handle = element.requestVideoFrameCallback((_now, { width, height }) =>
			mark("first-frame", { width, height }),
		);
		return () => element.cancelVideoFrameCallback(handle);
	}, []);

	useSignalEffect(() => {
		const element = video.current;
		if (!element) return;
		element.srcObject = call.farMedia.value;
		// Browsers play sound only after a touch in the page; if Join doesn't count as one here, a button asks for another.
		if (call.farMedia.value)
			element.play().then(
				() => page.soundBlocked(false),
				(error: unknown) => page.soundBlocked(error instanceof Error && error.name === "NotAllowedError"),
			);
	});
	useSignalEffect(() => {
		if (video.current) video.current.volume = page.volume.value / 100;
	});
	useSignalEffect(() => {
		const speaker = page.media.chosen.value.speaker;
		// A speaker that is gone leaves the sound on the one before.
		if (video.current?.setSinkId) void video.current.setSinkId(speaker).catch(() => {});
	});
	useSignalEffect(() => {
		if (page.hearAsked.value > 0)
			void video.current?.play().then(
				() => page.soundBlocked(false),
				() => {},
			);
	});

	// biome-ignore lint/a11y/useMediaCaption: live speech that nobody but the two sides may hear has no captions to offer
	return <video ref={video} data-testid="far-video" aria-label={label} autoplay playsInline />;
}
