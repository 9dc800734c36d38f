/** What keeps this browser from a call, in the order in which a person can do something about it; null if nothing does. */
export type Unsupported = "insecure" | "no_calls" | "no_cryptography" | "too_old";

/**
 * Features are tried, browsers are not named: a Chromium in a strange coat works, an old one of a known name does not.
 * Cameras and cryptography exist only in a secure context (https, or this machine itself), so that is asked first.
 */
export function findUnsupported(scope: typeof globalThis): Unsupported | null {
	if (!scope.isSecureContext) return "insecure";
	if (typeof scope.RTCPeerConnection?.generateCertificate !== "function") return "no_calls";
	if (!scope.navigator.mediaDevices?.getUserMedia) return "no_calls";
	if (!scope.crypto?.subtle) return "no_cryptography";
	const proto = scope.RTCRtpSender?.prototype as Partial<RTCRtpSender> | undefined;
	if (!proto?.replaceTrack || typeof scope.WebSocket !== "function") return "too_old";
	return null;
}
