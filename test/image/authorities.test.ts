/** What a set-up file's authorities do to the programs that are started with them: Node itself, asked as the image's units ask it. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { authoritiesFile } from "../../image/root/programs/authoritiesFile.ts";
import { PrivateAuthority } from "../sim/network/PrivateAuthority.ts";

const run = promisify(execFile);
let folder: string;
let ours: PrivateAuthority;
let fleet: PrivateAuthority;
let server: Server;

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "incamera-authorities-"));
	[ours, fleet] = [await PrivateAuthority.found(), await PrivateAuthority.found()];
	server = createServer(await ours.server(), (_, response) => void response.end("here"));
	server.on("tlsClientError", () => {});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
});
afterAll(async () => {
	server.closeAllConnections();
	server.close();
	await rm(folder, { recursive: true });
});

/** Runs a module with those authorities, and resolves to what it printed. `port`: of a server of `ours`. */
async function asked(authorities: string[], module: string): Promise<{ stdout: string; stderr: string }> {
	const file = join(folder, "authorities.pem");
	await writeFile(file, authoritiesFile({ authorities }));
	const { port } = server.address() as AddressInfo;
	const text = `const port = ${port};\n${module}`;
	return run(process.execPath, ["--input-type=module", "-e", text], { env: { NODE_EXTRA_CA_CERTS: file } });
}

const byFetch = `console.log(await fetch("https://127.0.0.1:" + port).then((answer) => answer.text(), ({ cause }) => cause.code));`;
const byRequest = `
	import { get } from "node:https";
	get("https://127.0.0.1:" + port, { agent: false }, ({ statusCode }) => console.log(statusCode)).on("error", ({ code }) => console.log(code));`;
/** As BrokerLine does. */
const pinned = (ca: string): string => `
	import { connect, createSecureContext } from "node:tls";
	const secureContext = createSecureContext({ ca: ${JSON.stringify(ca)} });
	const socket = connect({ host: "127.0.0.1", port, secureContext }, () => socket.destroy(console.log("here")));
	socket.on("error", ({ code }) => console.log(code));`;

describe("an authority of the set-up file", () => {
	it("is trusted beside the public ones, by WebSocket's and fetch's client and by requests", async () => {
		expect(await asked([ours.certificate], byFetch)).toEqual({ stdout: "here\n", stderr: "" });
		expect(await asked([fleet.certificate, ours.certificate], byRequest)).toEqual({ stdout: "200\n", stderr: "" });
		const { stdout } = await asked(
			[ours.certificate],
			`import { getCACertificates, rootCertificates } from "node:tls"; console.log(getCACertificates().length - rootCertificates.length);`,
		);
		expect(stdout).toBe("1\n");
	});

	it("is no use where a program names whom it trusts: the fleet's broker is the fleet's", async () => {
		expect(await asked([ours.certificate], pinned(fleet.certificate))).toEqual({
			stdout: "UNABLE_TO_VERIFY_LEAF_SIGNATURE\n",
			stderr: "",
		});
		expect(await asked([], pinned(ours.certificate))).toEqual({ stdout: "here\n", stderr: "" });
	});

	it("is not there in the ordinary device, and nothing is said of it", async () => {
		const refused = { stdout: "UNABLE_TO_VERIFY_LEAF_SIGNATURE\n", stderr: "" };
		expect(await asked([], byFetch)).toEqual(refused);
		expect(await asked([], byRequest)).toEqual(refused);
	});
});
