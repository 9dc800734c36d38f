import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { meetingId } from "../contract/rendezvous.ts";

/** A Host header that may stand in a policy: name or address, and port. */
const plainHost = /^(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

/**
 * The page may load and reach this server and nothing else. `'self'` in connect-src is not taken to include WebSockets by every
 * browser, so these are named as well.
 */
export function contentSecurityPolicy(request: FastifyRequest): string {
	const host = request.headers.host ?? "";
	const sockets = plainHost.test(host) ? ` ws://${host} wss://${host}` : "";
	return [
		"default-src 'none'",
		"script-src 'self'",
		"style-src 'self'",
		"img-src 'self' data: blob:",
		"media-src 'self' blob:",
		"font-src 'self'",
		`connect-src 'self'${sockets}`,
		"frame-ancestors 'none'",
		"base-uri 'none'",
		"form-action 'none'",
	].join("; ");
}

/**
 * The guest page's built files: `index.html` for each meeting's address and `assets/` with names that carry a hash of their content.
 * The meeting's secret is in the fragment, which never arrives here.
 */
export async function guestPage(app: FastifyInstance, options: { folder: string }): Promise<void> {
	await app.register(fastifyStatic, {
		root: join(options.folder, "assets"),
		prefix: "/assets/",
		index: false,
		dotfiles: "ignore",
		immutable: true,
		maxAge: "365d",
	});
	app.get<{ Params: { meetingId: string } }>("/j/:meetingId", (request, reply) => {
		if (!meetingId.safeParse(request.params.meetingId).success) return reply.callNotFound();
		// The HTML names the assets: it must be today's.
		return reply.header("cache-control", "no-cache").sendFile("index.html", options.folder, { cacheControl: false });
	});
}
