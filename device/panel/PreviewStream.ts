import type { ServerResponse } from "node:http";
import type { PanelPort } from "./PanelPort.ts";

const BOUNDARY = "incamera-picture";
/** The head of the next picture is sent with the one before: a browser draws a part only when it has read the head that follows. */
const NEXT_PART = `--${BOUNDARY}\r\ncontent-type: image/jpeg\r\n\r\n`;

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
		response.write(NEXT_PART);
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
		for (const viewer of this.#viewers) {
			if (viewer.writableNeedDrain) continue;
			viewer.cork();
			viewer.write(jpeg);
			viewer.write(`\r\n${NEXT_PART}`);
			viewer.uncork();
		}
	}
}
