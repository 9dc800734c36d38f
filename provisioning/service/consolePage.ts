import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance } from "fastify";

/** The console's built files at `/console/`: `index.html`, and `assets/` with names that carry a hash of their content. To be `register`ed. */
export async function consolePage(app: FastifyInstance, options: { folder: string }): Promise<void> {
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
	app.get("/console/", (_request, reply) =>
		// The HTML names the assets: it must be today's.
		reply.header("cache-control", "no-cache").sendFile("index.html", options.folder, { cacheControl: false }),
	);
}
