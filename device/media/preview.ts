/**
 * What a JPEG's reader expects: luma and chroma from 0 to 255, BT.601's matrix (JFIF). Its encoder does not convert, and would make black
 * grey and turn colours.
 */
export const asJpeg = "videoconvert dither=none ! video/x-raw,format=I420,colorimetry=1:4:7:1";

/** Leaves pictures out above a rate. The first one counts as the beginning, not the pipeline's: the time since would be caught up with. */
export function slowed(fps: number): string {
	return `videorate drop-only=true skip-to-first=true max-rate=${fps}`;
}
