import { systemClock } from "../../../../device/core/clock.ts";
import {
	type HandshakeContext,
	makeAnswer,
	makeOffer,
	readAnswer,
	readConfirm,
	readOffer,
} from "../../../../device/meeting/handshake.ts";
import { createGuestIdentity, readIdentity } from "../../../../device/meeting/identity.ts";
import { createLink, formatLink, parseLink } from "../../../../device/meeting/link.ts";
import { ReplayCache } from "../../../../device/meeting/ReplayCache.ts";
import { Seal } from "../../../../device/meeting/sealing.ts";

export interface BrowserReport {
	codesEqual: boolean;
	opened: string;
	linkSame: boolean;
	room: string | null;
	untrusted: string;
}

/** All cryptography of a meeting, in a browser: both ends of a handshake, the seal, the link, and a room's certificate. */
async function run(input: { offer: string; answer: string; x5c: string[]; caPin: number[] }): Promise<BrowserReport> {
	const trust = { caPin: new Uint8Array(input.caPin), isRevoked: () => false };
	const contextOf = async (name: string): Promise<HandshakeContext> => ({
		identity: await createGuestIdentity(),
		name,
		trust,
		clock: systemClock,
		replays: new ReplayCache({ clock: systemClock }),
		farKind: "guest",
		pinned: null,
	});
	const [a, b] = [await contextOf("Ada"), await contextOf("Grace")];
	const sent = await makeOffer(a, input.offer);
	const answer = await makeAnswer(b, await readOffer(b, sent.jws), input.answer);
	const received = await readAnswer(a, sent, answer.jws);
	const session = await readConfirm(answer, received.confirm);

	const link = createLink({ origin: "https://meet.example", caPin: trust.caPin });
	const read = parseLink(formatLink(link));
	const route = { from: "m1", to: "m2" };
	const sealed = await (await Seal.create(link.secret, link.meetingId)).seal(route, "Grüße");
	const nowMs = Date.now();
	const { deviceId } = await readIdentity({ x5c: input.x5c }, { ...trust, nowMs });
	const other = { ...trust, caPin: new Uint8Array(32), nowMs };
	return {
		codesEqual: session.sas.indices.join() === received.session.sas.indices.join(),
		opened: await (await Seal.create(read.secret, read.meetingId)).open(route, sealed),
		linkSame: formatLink(read) === formatLink(link),
		room: deviceId,
		untrusted: await readIdentity({ x5c: input.x5c }, other).then(
			() => "accepted",
			(error: { code: string }) => error.code,
		),
	};
}

Object.assign(globalThis, { run });
