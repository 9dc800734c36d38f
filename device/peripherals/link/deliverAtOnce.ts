import type { SerialPort } from "serialport";

/**
 * Lets a port's bytes arrive when they come. serialport 13 calls back from libuv without running what its callbacks have promised
 * (bindings-cpp, pull request 239), and since Node 26.4 (nodejs/node, pull request 62969) nobody else does: bytes lie there until a timer
 * or a socket happens to wake the loop. An immediate does so in the same turn of the loop.
 */
export function deliverAtOnce(port: SerialPort): void {
	const poller = port.port && "poller" in port.port ? port.port.poller : null;
	for (const event of ["readable", "writable", "disconnect"]) poller?.on(event, () => setImmediate(() => {}));
}
