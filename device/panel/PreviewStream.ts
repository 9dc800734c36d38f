import type { ServerResponse } from "node:http";
import type { PanelPort } from "./PanelPort.ts";

const BOUNDARY = "incamera-picture";

/**
 * Sends one view's pictures to everyone who looks, as `multipart/x-mixed-replace`: an `<img>` of any browser shows it without script.
 * The engine makes pictures only while somebody looks, and a slow viewer misses pictures instead of piling them up.
 */
export class PreviewStream {
	readonly #port: PanelPort;
	readonly #view: "tv" | "self";
	readonly #viewers = new Set<ServerResponse>();
	#stop: (() => void) | null = null;

	constructor(port: PanelPort, view: "tv" | "self") {
		this.#port = port;
		this.#view = view;
	}

	get viewers(): number {
		return this.#viewers.size;
	}

	add(response: ServerResponse): void {
		response.writeHead(200, {
			...Object.fromEntries(Object.entries(response.getHeaders()).map(([name, value]) => [name, String(value)])),
			"content-type": `multipart/x-mixed-replace; boundary=${BOUNDARY}`,
			"cache-control": "no-store",
		});
		response.write(`--${BOUNDARY}\r\n`);
		this.#viewers.add(response);
		const leave = () => {
			this.#viewers.delete(response);
			if (this.#viewers.size > 0) return;
			this.#stop?.();
			this.#stop = null;
		};
		response.on("close", leave);
		response.on("error", leave);
		this.#stop ??= this.#port.preview(this.#view, (jpeg) => this.#send(jpeg));
	}

	close(): void {
		for (const viewer of this.#viewers) viewer.destroy();
	}

	#send(jpeg: Uint8Array): void {
		const head = `content-type: image/jpeg\r\ncontent-length: ${jpeg.length}\r\n\r\n`;
		for (const viewer of this.#viewers) {
			if (viewer.writableNeedDrain) continue;
			viewer.cork();
			viewer.write(head);
			viewer.write(jpeg);
			// The closing boundary is sent with its picture: browsers draw a part when they see where it ends.
			viewer.write(`\r\n--${BOUNDARY}\r\n`);
			viewer.uncork();
		}
	}
}
