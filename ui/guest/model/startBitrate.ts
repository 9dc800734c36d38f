/** Kilobits a second that sending begins with, until the congestion control knows better. */
const START_KBITS = 1_500;

/**
 * Adds to a remote description, after it was checked and before it is applied, with which rate our own sender begins. Browsers of
 * Chromium's family begin with 300 kbit/s: they then drop the first frames, send 320×180 and need seconds to climb. They know no
 * other way to be told than this `fmtp` parameter, which they read from the remote description; others ignore it (RFC 8866 section
 * 6.15 leaves unknown format parameters to the receiver). Transport-wide congestion control takes over within the first round trips.
 */
export function withStartBitrate(sdp: string): string {
	const lines = sdp.split("\r\n");
	const types = lines.flatMap((line) => /^a=rtpmap:(\d+) (?:H264|VP8)\/90000$/i.exec(line)?.[1] ?? []);
	const parameter = `x-google-start-bitrate=${START_KBITS}`;
	return lines
		.flatMap((line) => {
			const format = /^a=fmtp:(\d+) /.exec(line)?.[1];
			if (format !== undefined && types.includes(format)) return [`${line};${parameter}`];
			const mapped = /^a=rtpmap:(\d+) /.exec(line)?.[1];
			const bare = mapped !== undefined && types.includes(mapped) && !sdp.includes(`\r\na=fmtp:${mapped} `);
			return bare ? [line, `a=fmtp:${mapped} ${parameter}`] : [line];
		})
		.join("\r\n");
}
