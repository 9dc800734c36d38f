import fastifyStatic from "@fastify/static";
import type { FastifyInstance } from "fastify";

/** What a repository's folder has for everybody; what is being written has other names. */
const served = /^\/(?:([0-9a-f]{64})\.raucb|metadata\/(?:\d{1,9}\.(?:root|snapshot|targets)|timestamp)\.json)$/;
/** Names whose content is another one tomorrow, or which are there tomorrow. */
const changing = /(?:timestamp|\d\.root)\.json$/;

/**
 * The image repository at `/firmware/`: bundles, in ranges, and metadata, to be `register`ed. For everybody: devices have no identity on HTTP, and what makes
 * a bundle good is its signatures, not who may read it. There is no secret in firmware. Any static server or cache can do the same.
 */
export async function firmwareFiles(app: FastifyInstance, options: { folder: string }): Promise<void> {
	await app.register(fastifyStatic, {
		root: options.folder,
		prefix: "/firmware/",
		index: false,
		dotfiles: "ignore",
		cacheControl: false,
		allowedPath: (path) => served.test(path),
		setHeaders: (reply, path) => {
			reply.header("cache-control", changing.test(path) ? "no-cache" : "public, max-age=31536000, immutable");
			if (path.endsWith(".raucb")) reply.header("content-type", "application/octet-stream");
		},
	});
}
