import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { REVOCATIONS_PATH } from "../contract/rendezvous.ts";

/**
 * The fleet CA's certificate and its revocation list (RFC 5280 section 5), two PEM blocks one after the other, for guests: both are
 * public, and a guest checks them against the pin in its link. 204 where this service has no CA.
 */
export async function revocations(app: FastifyInstance, options: { caFolder: string | null }): Promise<void> {
	const { caFolder } = options;
	app.get(REVOCATIONS_PATH, async (_request, reply) => {
		reply.header("cache-control", "no-cache");
		if (!caFolder) return reply.code(204).send();
		const [ca, crl] = await Promise.all(["ca.pem", "crl.pem"].map((name) => readFile(join(caFolder, name), "utf8")));
		return reply.type("application/x-pem-file").send(`${ca}\n${crl}`);
	});
}
