import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { SimulatedEquipment } from "../../test/sim/equipment/SimulatedEquipment.ts";

const picture = join(import.meta.dirname, "..", "..", "test", "sim", "camera", "wideRoom.png");
const files: Record<string, { path: string; type: string }> = {
	"/": { path: join(import.meta.dirname, "desk", "index.html"), type: "text/html; charset=utf-8" },
	"/desk.css": { path: join(import.meta.dirname, "desk", "desk.css"), type: "text/css; charset=utf-8" },
	"/desk.js": { path: join(import.meta.dirname, "desk", "desk.js"), type: "text/javascript; charset=utf-8" },
	"/room.png": { path: picture, type: "image/png" },
};
const headers = {
	"content-security-policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; form-action 'none'",
	"x-content-type-options": "nosniff",
	"cache-control": "no-store",
};

/**
 * What lies on the table of a room whose equipment is simulated, as a page on loopback: what the light at the door shows, where the camera looks,
 * whether the display is on; a mute key, a shutter and a cable for a person's hands.
 */
export class Desk {
	readonly #equipment: SimulatedEquipment;
	readonly #server: Server;
	/** Plugs the camera's cable in again; null while it is plugged in. */
	#plugIn: (() => Promise<void>) | null = null;
	/** One hand on the cable at a time. */
	#cable: Promise<unknown> = Promise.resolve();

	/** @param port 0: a free one. */
	static async open(equipment: SimulatedEquipment, port: number): Promise<Desk> {
		const desk = new Desk(equipment);
		await new Promise<void>((resolve, reject) => {
			desk.#server.once("error", reject);
			desk.#server.listen(port, "127.0.0.1", resolve);
		});
		return desk;
	}

	private constructor(equipment: SimulatedEquipment) {
		this.#equipment = equipment;
		this.#server = createServer(
			(request, response) => void this.#answer(request, response).catch(() => response.destroy()),
		);
	}

	get url(): string {
		return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
	}

	async close(): Promise<void> {
		this.#server.closeAllConnections();
		await new Promise((resolve) => this.#server.close(resolve));
		await this.#cable;
	}

	async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const { method, url = "/", headers: asked } = request;
		const say = (status: number, type: string, body: string | Buffer) =>
			response.writeHead(status, { ...headers, "content-type": type }).end(body);
		// no other page of this browser moves a hand here, by whatever name it finds this address
		const own = asked.host === new URL(this.url).host && (asked.origin === undefined || asked.origin === this.url);
		const file = files[url];
		if (!own) say(403, "text/plain", "");
		else if (method === "GET" && file) say(200, file.type, await readFile(file.path));
		else if (method === "GET" && url === "/healthz") say(200, "application/json", JSON.stringify({ status: "ok" }));
		else if (method === "GET" && url === "/state") say(200, "application/json", JSON.stringify(this.#state()));
		else if (method === "POST" && url in hands) {
			this.#hand(url as keyof typeof hands);
			say(204, "text/plain", "");
		} else say(404, "text/plain", "");
	}

	#state() {
		const { camera, display, bus } = this.#equipment;
		const { light, muteLamp, state } = bus.device;
		const { power, input, volume } = display.model;
		return {
			light,
			muteLamp,
			...state,
			camera: { ...camera.position, on: camera.power === "on", cable: this.#plugIn === null },
			display: { power, input, volume },
		};
	}

	#hand(what: keyof typeof hands): void {
		if (what === "/cable") this.#cable = this.#cable.then(() => this.#moveCable()).catch(() => {});
		else hands[what](this.#equipment);
	}

	async #moveCable(): Promise<void> {
		const plugIn = this.#plugIn;
		this.#plugIn = plugIn ? null : await this.#equipment.cameraLine.unplug();
		await plugIn?.();
	}
}

/** What hands can do. */
const hands = {
	"/mute-key": ({ bus: { device } }: SimulatedEquipment) => device.pressMuteKey(!device.state.muteKey),
	"/shutter": ({ bus: { device } }: SimulatedEquipment) => device.moveShutterByHand(!device.state.shutterClosed),
	"/somebody": ({ bus: { device } }: SimulatedEquipment) => device.occupy(!device.state.occupied),
	"/cable": () => {},
} as const;
