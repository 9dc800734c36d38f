import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance } from "fastify";

export interface ConsolePageOptions {
	/** The built page. */
	folder: string;
	/** Where people open it. */
	origin?: string;
}

/** The console's built files at `/console/`: `index.html`, and `assets/` with names that carry a hash of their content. To be `register`ed. */
export async function consolePage(app: FastifyInstance, options: ConsolePageOptions): Promise<void> {
	const { origin } = options;
	const isLocal = origin !== undefined && new URL(origin).hostname === "localhost";
	await app.register(fastifyStatic, {
		root: join(options.folder, "assets"),
		prefix: "/console/assets/",
		index: false,
		dotfiles: "ignore",
		immutable: true,
		maxAge: "365d",
	});
	// A browser keeps the fragment over the redirect.
	app.get("/console", (_request, reply) => reply.redirect("/console/", 308));
	app.get("/console/", (request, reply) => {
		// An address has no passkeys, the same machine's name has.
		if (isLocal && /^(127\.[\d.]+|\[::1\])(:\d+)?$/.test(request.host))
			return reply.redirect(`${origin}/console/`, 307);
		// The HTML names the assets: it must be today's.
		return reply.header("cache-control", "no-cache").sendFile("index.html", options.folder, { cacheControl: false });
	});
}
