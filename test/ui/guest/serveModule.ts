import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { build, type Rolldown } from "vite";

/** Bundles one TypeScript module for the browser and serves it in an empty page on a free loopback port. */
export async function serveModule(entry: string): Promise<{ url: string; close(): Promise<void> }> {
	const output = (await build({
		configFile: false,
		logLevel: "error",
		build: { write: false, minify: false, target: "es2022", lib: { entry, formats: ["es"], fileName: "module" } },
	})) as Rolldown.RolldownOutput[];
	const pieces = output[0]?.output;
	if (!pieces) throw new Error("nothing was bundled");
	const scripts = new Map(
		pieces.flatMap((piece) => (piece.type === "chunk" ? [[`/${piece.fileName}`, piece.code]] : [])),
	);
	const page = `<!doctype html><title>test</title><script type="module" src="/${pieces[0].fileName}"></script>`;
	const server = createServer((request, response) => {
		const script = scripts.get(request.url ?? "");
		response.setHeader("content-type", script ? "text/javascript" : "text/html; charset=utf-8");
		response.end(script ?? page);
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
		async close() {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}
