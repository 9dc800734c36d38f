import { spawn } from "node:child_process";
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ManualClock, systemClock } from "../../../../device/core/clock.ts";
import { datagramSplitter } from "../../../../device/peripherals/link/datagramSplitter.ts";
import { delimiterSplitter } from "../../../../device/peripherals/link/delimiterSplitter.ts";
import type { LinkState } from "../../../../device/peripherals/link/FrameLink.ts";
import { LineLink } from "../../../../device/peripherals/link/LineLink.ts";
import { type LinkAddress, openLink } from "../../../../device/peripherals/link/openLink.ts";
import { openSerial } from "../../../../device/peripherals/link/openSerial.ts";
import { RequestQueue } from "../../../../device/peripherals/link/RequestQueue.ts";
import { PtyDevice } from "../../../sim/line/PtyDevice.ts";
import { PtyPair } from "../../../sim/line/PtyPair.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
});

/** A link of lines that end with a line feed, what it heard and what became of it. */
function open(address: LinkAddress, clock = systemClock) {
	const splitter = () => (address.by === "udp" ? datagramSplitter(64) : delimiterSplitter({ end: 0x0a, most: 64 }));
	return watched(openLink(address, { splitter, clock }));
}

function watched(link: LineLink) {
	const heard: string[] = [];
	const states: string[] = [];
	link.onFrame((frame) => heard.push(text(frame)));
	link.onState((state) => states.push(nameOf(state)));
	ends.push(() => link.close());
	return { link, heard, states };
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");
const bytes = (words: string) => Buffer.from(words, "latin1");
const nameOf = ({ name, failure }: LinkState) => (failure ? `${name} ${failure}` : name);
const upAgain = (link: LineLink, times: number) =>
	expect.poll(() => [link.state.name, link.counters.opened]).toEqual(["up", times]);

describe("a serial port", () => {
	let pty: PtyPair;
	beforeEach(async () => {
		pty = await PtyPair.open();
		ends.push(() => pty.close());
	});
	const serial = (path = pty.path): LinkAddress => ({ by: "serial", path, baudRate: 9600 });

	/** The device at the far end: hears, and answers each line. */
	async function device(answer: (line: string) => string = (line) => line.toUpperCase()) {
		const attached = await PtyDevice.attach(pty.farPath, (heard, say) => say(bytes(answer(text(heard)))));
		ends.push(() => attached.detach());
	}

	it("carries frames both ways and counts them", async () => {
		await device();
		const { link, heard } = open(serial());
		await upAgain(link, 1);
		await link.send(bytes("hello\n"));
		await expect.poll(() => heard).toEqual(["HELLO\n"]);
		expect(link.counters).toEqual({
			framesIn: 1,
			framesOut: 1,
			bytesIn: 6,
			bytesOut: 6,
			badBytes: 0,
			opened: 1,
			timeouts: 0,
		});
	});

	it("hands on what came though nothing else happens in the program", async () => {
		await pty.unplug();
		const socat = spawn("socat", [`pty,raw,echo=0,link=${pty.path}`, "EXEC:cat"], { stdio: "ignore" });
		ends.push(() => socat.kill());
		await expect.poll(() => existsSync(pty.path)).toBe(true);
		// Without a timer that wakes the loop now and then, which vitest has, one byte that is not handed on is waited for in vain.
		const program = spawn(process.execPath, [join(import.meta.dirname, "echoes.ts"), pty.path], {
			stdio: ["ignore", "ignore", "inherit"],
		});
		ends.push(() => program.kill());
		expect(await once(program, "exit")).toEqual([0, null]);
	});

	it("comes back by itself after it was unplugged, though nothing but a write tells of it", async () => {
		await device();
		const { link, heard, states } = watched(
			new LineLink({
				open: openSerial({ path: pty.path, baudRate: 9600 }),
				splitter: () => delimiterSplitter({ end: 0x0a, most: 64 }),
				clock: systemClock,
			}),
		);
		await upAgain(link, 1);
		await pty.unplug();
		await expect
			.poll(async () => {
				await link.send(bytes("there?\n")).catch(() => {});
				return link.state.name;
			})
			.not.toBe("up");
		expect(states.at(-1)).toBe("down link.lost");
		await expect(link.send(bytes("now\n"))).rejects.toMatchObject({ code: "link.lost" });
		await expect.poll(() => states).toContain("down link.absent");
		await pty.replug();
		await device();
		await upAgain(link, 2);
		heard.length = 0;
		await link.send(bytes("again\n"));
		await expect.poll(() => heard).toEqual(["AGAIN\n"]);
	});

	it("says that there is no such port, and opens it when it is there", async () => {
		await pty.unplug();
		const { link, states } = open(serial());
		await expect.poll(() => states).toContain("down link.absent");
		await pty.replug();
		await upAgain(link, 1);
	});

	it("a file is no port", async () => {
		const { states } = open(serial(import.meta.filename));
		await expect.poll(() => states).toContain("down link.absent");
	});

	it("says that another program holds it, and takes it when that one ends", async () => {
		const holder = spawn("flock", ["--exclusive", pty.path, "sh", "-c", "echo held; read nothing"], {
			stdio: ["pipe", "pipe", "ignore"],
		});
		ends.push(() => holder.kill());
		await once(holder.stdout, "data");
		const { link, states } = open(serial());
		await expect.poll(() => states).toContain("down link.busy");
		holder.stdin.end("\n");
		await upAgain(link, 1);
		const second = open(serial());
		await expect.poll(() => second.states).toContain("down link.busy");
	});

	it("is free for others when it was closed, and heard no more", async () => {
		const { link, states } = open(serial());
		await upAgain(link, 1);
		await link.close();
		expect(states.at(-1)).toBe("down link.lost");
		const next = open(serial());
		await upAgain(next.link, 1);
		await link.close();
	});

	it("that nobody reads takes so much and no more; what was waiting fails with the line", async () => {
		const { link } = open(serial());
		await upAgain(link, 1);
		const outcomes: string[] = [];
		// far more than the kernel and socat hold
		for (let i = 0; i < 4000; i += 1) {
			link.send(bytes(`${"x".repeat(63)}\n`)).then(
				() => outcomes.push("sent"),
				(error) => outcomes.push(error.code),
			);
			if (i % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
		}
		await expect.poll(() => outcomes).toContain("link.congested");
		const before = outcomes.length;
		link.reset("link.silent");
		expect(link.state).toMatchObject({ name: "down", failure: "link.silent" });
		await expect.poll(() => outcomes.length).toBe(4000);
		expect(new Set(outcomes.slice(before))).toEqual(new Set(["link.lost"]));
		await upAgain(link, 2);
	});

	it("that takes everything and never answers is opened anew after ten timeouts", async () => {
		await device(() => "");
		const clock = new ManualClock();
		const { link, states } = open(serial(), clock);
		await upAgain(link, 1);
		const queue = new RequestQueue(link, { clock });
		for (let i = 0; i < 10; i += 1) {
			const asked = queue.ask({ frame: () => bytes("?\n"), judge: () => ({ is: "other" }) });
			clock.advance(2000);
			await expect(asked).rejects.toMatchObject({ code: "peripheral.timeout" });
			clock.advance(100);
		}
		expect(states).toContain("down link.silent");
		clock.advance(200);
		await upAgain(link, 2);
	});
});

describe("a TCP connection", () => {
	let server: Server;
	let sockets: Socket[];
	beforeEach(async () => {
		sockets = [];
		server = createServer((socket) => {
			sockets.push(socket);
			socket.on("error", () => {});
			socket.on("data", (data: Buffer) => socket.write(text(data).toUpperCase()));
		});
		await listen();
		ends.push(stopListening);
	});
	async function listen(port = 0) {
		server.listen(port, "127.0.0.1");
		await once(server, "listening");
	}
	async function stopListening() {
		for (const socket of sockets) socket.destroy();
		if (server.listening) await new Promise((resolve) => server.close(resolve));
	}
	const tcp = (): LinkAddress => ({ by: "tcp", host: "127.0.0.1", port: (server.address() as AddressInfo).port });

	it("carries frames both ways, however they are cut", async () => {
		const { link, heard } = open(tcp());
		await upAgain(link, 1);
		await Promise.all([link.send(bytes("one\n")), link.send(bytes("two\n"))]);
		await expect.poll(() => heard).toEqual(["ONE\n", "TWO\n"]);
		expect(sockets[0]).toBeDefined();
	});

	it.each([
		["ends its half", (socket: Socket) => socket.end()],
		["is reset", (socket: Socket) => socket.resetAndDestroy()],
	])("comes back after the device %s", async (_how, part) => {
		const { link, states, heard } = open(tcp());
		await upAgain(link, 1);
		await expect.poll(() => sockets.length).toBe(1);
		part(sockets[0]!);
		await upAgain(link, 2);
		expect(states).toContain("down link.lost");
		await link.send(bytes("again\n"));
		await expect.poll(() => heard).toEqual(["AGAIN\n"]);
	});

	it("says that nobody listens, or that there is no such name", async () => {
		const address = tcp();
		await stopListening();
		const { link, states } = open(address);
		await expect.poll(() => states).toContain("down link.unreachable");
		await listen((address as { port: number }).port);
		await upAgain(link, 1);
		const nameless = open({ by: "tcp", host: "nobody.invalid", port: 1 });
		await expect
			.poll(() => nameless.states.some((state) => /^down link\.(absent|unreachable)$/.test(state)))
			.toBe(true);
	});

	it("a device that takes bytes and reads none: congested, then opened anew when the driver gives it up", async () => {
		const { link } = open(tcp());
		await upAgain(link, 1);
		await expect.poll(() => sockets.length).toBe(1);
		sockets[0]!.pause();
		const full = new Promise<string>((resolve) => {
			const more = (): void => {
				link.send(bytes("x".repeat(4000))).catch((error) => resolve(error.code));
				if (link.state.name === "up") setImmediate(more);
			};
			more();
		});
		expect(await full).toBe("link.congested");
		link.reset("link.silent");
		await upAgain(link, 2);
	});

	it("an attempt that hangs is given up after five seconds, and at once when the link is closed", async () => {
		const clock = new ManualClock();
		// TEST-NET-1 (RFC 5737): nobody answers there; some networks say so at once
		const { link, states } = open({ by: "tcp", host: "192.0.2.1", port: 1 }, clock);
		await expect
			.poll(() => {
				clock.advance(100);
				return states;
			})
			.toContain("down link.unreachable");
		await link.close();
	});
});

describe("UDP", () => {
	let device: UdpSocket;
	beforeEach(async () => {
		device = createSocket("udp4");
		await new Promise<void>((resolve) => device.bind(0, "127.0.0.1", resolve));
		ends.push(() => new Promise<void>((resolve) => device.close(() => resolve())));
	});
	const udp = (): LinkAddress => ({ by: "udp", host: "127.0.0.1", port: device.address().port });

	it("carries datagrams both ways, and hears nobody but the device", async () => {
		let asker = 0;
		device.on("message", (data, from) => {
			asker = from.port;
			device.send(text(data).toUpperCase(), from.port, from.address);
		});
		const { link, heard } = open(udp());
		await upAgain(link, 1);
		await link.send(bytes("one"));
		await expect.poll(() => heard).toEqual(["ONE"]);
		const stranger = createSocket("udp4");
		await new Promise<void>((resolve) => stranger.send("forged", asker, "127.0.0.1", () => resolve()));
		await link.send(bytes("two"));
		await expect.poll(() => heard).toEqual(["ONE", "TWO"]);
		stranger.close();
		device.send(Buffer.alloc(65), asker, "127.0.0.1");
		await expect.poll(() => link.counters.badBytes).toBe(65);
	});

	it("says that nobody listens at the port, and tries again", async () => {
		const address = udp();
		device.close();
		device = createSocket("udp4");
		const { link, states } = open(address);
		await upAgain(link, 1);
		await expect
			.poll(async () => {
				await link.send(bytes("?")).catch(() => {});
				return states;
			})
			.toContain("down link.unreachable");
		await expect.poll(() => link.counters.opened).toBeGreaterThan(1);
		await new Promise<void>((resolve) => device.bind((address as { port: number }).port, "127.0.0.1", resolve));
	});
});

describe("hot-plugging", () => {
	it("a port that appears is opened at once, and one that vanishes is down at once, though no byte passes", async () => {
		const pty = await PtyPair.open();
		ends.push(() => pty.close());
		// the pauses between attempts never end on this clock
		const { link, states } = open({ by: "serial", path: pty.path, baudRate: 9600 }, new ManualClock());
		await upAgain(link, 1);
		for (let times = 2; times < 5; times += 1) {
			await pty.unplug();
			await expect.poll(() => link.state.name).toBe("down");
			await pty.replug();
			await upAgain(link, times);
		}
		for (const state of states) expect(state).toMatch(/^up$|^(down|opening) link\.(absent|lost)$/);
	});
});
