import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { WebSocketServer } from "ws";
import { limits, RENDEZVOUS_PATH } from "../../../provisioning/contract/rendezvous.ts";
import { Rendezvous } from "../../../provisioning/service/rendezvous/Rendezvous.ts";
import { buildPage } from "../../../tools/build-ui.ts";

const folder = fileURLToPath(new URL("../../../build/ui/guest", import.meta.url));
const types: Record<string, string> = {
	".html": "text/html; charset=utf-8",
	".js": "text/javascript",
	".css": "text/css",
	".svg": "image/svg+xml",
	".woff2": "font/woff2",
};

/** As strict as the service's: nothing inline, nothing from elsewhere. */
const policy =
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
	"media-src 'self' blob: mediastream:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The built page and the real rendezvous on one free loopback port. */
export async function startGuestServer(): Promise<{ origin: string; rendezvous: Rendezvous; close(): Promise<void> }> {
	await buildPage("guest");
	const rendezvous = new Rendezvous();
	const server = createServer(async (request, response) => {
		const path = new URL(request.url ?? "/", "http://localhost").pathname;
		const file = path.startsWith("/guest/") ? normalize(path.slice("/guest".length)) : "index.html";
		const content = await readFile(join(folder, file)).catch(() => null);
		response.statusCode = content && (path.startsWith("/j/") || path.startsWith("/guest/")) ? 200 : 404;
		response.setHeader("content-security-policy", policy);
		response.setHeader("content-type", types[extname(file)] ?? "application/octet-stream");
		response.end(response.statusCode === 200 ? content : "");
	});
	const sockets = new WebSocketServer({ server, path: RENDEZVOUS_PATH, maxPayload: limits.frameBytes });
	sockets.on("connection", (socket) => rendezvous.accept(socket));
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	return {
		origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		rendezvous,
		async close() {
			rendezvous.close();
			for (const socket of sockets.clients) socket.terminate();
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}
